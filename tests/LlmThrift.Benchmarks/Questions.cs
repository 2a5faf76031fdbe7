using LlmThrift.Embeddings;

namespace LlmThrift.Benchmarks;

/// <summary>
/// Questions of BANKING77 with their intents and embeddings, and as many more in their neighbourhoods as are wanted. The vectors of those are
/// the embeddings with noise of 0.5 of their length, re-normalised: cosine similarity about 0.89, as of questions put differently.
/// </summary>
internal sealed class Questions
{
    private const float Noise = 0.5f;

    private static readonly string[] Openings =
    [
        "",
        "Hello, ",
        "Hi there, ",
        "Please tell me: ",
        "Good morning. ",
        "Quick question: ",
        "Hey, ",
        "Sorry, ",
    ];
    private static readonly string[] Endings = ["", " Thanks", " Thank you very much", " I would like to know", " Please help"];

    private readonly Random _random = new(1);
    private readonly (string Text, string Intent, float[] Vector)[] _real;

    public Questions()
    {
        using var stream = typeof(Questions).Assembly.GetManifestResourceStream("banking77.csv")!;
        using var reader = new StreamReader(stream);
        using var encoder = new MiniLmEmbeddingGenerator();
        _real = [.. reader.ReadToEnd().Split('\n', StringSplitOptions.RemoveEmptyEntries).Skip(1).Select(Read)];

        (string, string, float[]) Read(string line)
        {
            var comma = line.LastIndexOf(',');
            var text = line[..comma].Trim('"');
            var vector = new float[MiniLmEmbeddingGenerator.Dimensions];
            encoder.Embed(text, vector, out _);
            return (text, line[(comma + 1)..].TrimEnd(), vector);
        }
    }

    /// <summary>One real question of each intent.</summary>
    public IEnumerable<(string Text, string Intent, float[] Vector)> OfEachIntent => _real.DistinctBy(question => question.Intent);

    /// <summary>A question near a real one.</summary>
    /// <param name="number">Names it; different numbers have different texts.</param>
    public (string Text, string Intent, float[] Vector) Near(int number)
    {
        var (text, intent, center) = _real[number % _real.Length];
        var form = number / _real.Length;
        var near = new float[center.Length];
        var sum = 0f;
        for (var i = 0; i < near.Length; i++)
        {
            // The sum of uniform numbers is near enough to a normal one, of variance one.
            var normal = 2 * (_random.NextSingle() + _random.NextSingle() + _random.NextSingle() - 1.5f);
            near[i] = center[i] + (normal * Noise / MathF.Sqrt(near.Length));
            sum += near[i] * near[i];
        }

        var scale = 1 / MathF.Sqrt(sum);
        for (var i = 0; i < near.Length; i++)
        {
            near[i] *= scale;
        }

        return (
            $"{Openings[form % Openings.Length]}{text}{Endings[form / Openings.Length % Endings.Length]}{new string('?', form / 40)}",
            intent,
            near
        );
    }
}
