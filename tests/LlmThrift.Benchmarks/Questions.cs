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

    private static readonly string[] Things =
    [
        "a sourdough loaf",
        "the Northern Lights",
        "a bicycle chain",
        "photosynthesis",
        "the Roman Senate",
        "a violin",
        "the offside rule",
        "a tomato plant",
        "the tides",
        "a haiku",
        "the Krebs cycle",
        "a canoe",
    ];
    private static readonly string[] Wonders =
    [
        "How does {0} work?",
        "Who knows the most about {0}?",
        "Tell me a joke about {0}",
        "What is the history of {0}?",
        "Is there a museum of {0} in Lisbon?",
        "What should a child of ten know about {0}?",
    ];

    private readonly Random _random = new(1);
    private readonly (string Text, string Intent, float[] Vector)[] _real;

    public Questions()
    {
        using var stream = typeof(Questions).Assembly.GetManifestResourceStream("banking77.csv")!;
        using var reader = new StreamReader(stream);
        using var encoder = new MiniLmEmbeddingGenerator();
        var all = reader.ReadToEnd().Split('\n', StringSplitOptions.RemoveEmptyEntries).Skip(1).Select(Read).ToList();
        var leftOut = all.Select(question => question.Intent)
            .Distinct()
            .Where((_, index) => index % 5 == 0)
            .ToHashSet(StringComparer.Ordinal);
        _real = [.. all.Where(question => !leftOut.Contains(question.Intent))];
        OfNewIntents = [.. all.Where(question => leftOut.Contains(question.Intent))];
        OfOtherSubjects = [.. Wonders.SelectMany(wonder => Things, (wonder, thing) => Embed(string.Format(null, wonder, thing), ""))];

        (string Text, string Intent, float[] Vector) Read(string line)
        {
            var comma = line.LastIndexOf(',');
            return Embed(line[..comma].Trim('"'), line[(comma + 1)..].TrimEnd());
        }

        (string Text, string Intent, float[] Vector) Embed(string text, string intent)
        {
            var vector = new float[MiniLmEmbeddingGenerator.Dimensions];
            encoder.Embed(text, vector, out _);
            return (text, intent, vector);
        }
    }

    /// <summary>Real questions of intents that no other question here has.</summary>
    public IReadOnlyList<(string Text, string Intent, float[] Vector)> OfNewIntents { get; }

    /// <summary>Questions that have nothing to do with a bank.</summary>
    public IReadOnlyList<(string Text, string Intent, float[] Vector)> OfOtherSubjects { get; }

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
