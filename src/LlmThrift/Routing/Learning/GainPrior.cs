using System.Runtime.InteropServices;
using System.Security.Cryptography;
using LlmThrift.Vectors;

namespace LlmThrift.Routing;

/// <summary>
/// How much a stronger model gains, as far as a question tells by itself: a quadratic form of its embedding by all-MiniLM-L6-v2, and its length. What an app
/// starts from that has no answers of its own to learn from; weak by nature, as models differ. Made by <see cref="GainPriorFitter"/>.
/// </summary>
/// <param name="Directions">Unit vectors, one after another: what counts of an embedding is how far it lies along each, squared.</param>
/// <param name="Curvatures">How much it counts, one for each direction.</param>
/// <param name="Characters">For the logarithm of the length in characters, one of <see cref="PromptFeatures"/>.</param>
/// <param name="Sentences">For that of the number of sentences.</param>
/// <param name="Bias">Added.</param>
internal sealed record GainPrior(float[] Directions, float[] Curvatures, float Characters, float Sentences, float Bias)
{
    public const string EmbeddingModel = "all-MiniLM-L6-v2";

    /// <summary>How many directions there are.</summary>
    public const int Rank = 16;

    /// <summary>Values before the directions.</summary>
    private const int Others = 3 + Rank;

    private const string Resource = "LlmThrift.Routing.gain-prior.bin";

    private static readonly Lazy<GainPrior> Loaded = new(Load);

    /// <summary>The one that comes with the package, fitted by <c>fit-routing</c> of the evaluation program.</summary>
    public static GainPrior Shipped => Loaded.Value;

    /// <summary>Of what it is made of: a policy that was fitted around one prior is not right with another.</summary>
    public string Digest => Convert.ToHexStringLower(SHA256.HashData(ToBytes()))[..16];

    /// <summary>Of an embedding.</summary>
    public int Dimensions => Directions.Length / Rank;

    /// <summary>The gain.</summary>
    /// <param name="vector">The question's embedding, of length one.</param>
    /// <param name="features">Its features.</param>
    public double Of(ReadOnlySpan<float> vector, ReadOnlySpan<float> features)
    {
        double gain = Bias + (Characters * features[PromptFeatures.Characters]) + (Sentences * features[PromptFeatures.Sentences]);
        if (vector.Length == Dimensions)
        {
            for (var k = 0; k < Rank; k++)
            {
                var along = UnitVectors.Dot(vector, Directions.AsSpan(k * Dimensions, Dimensions));
                gain += Curvatures[k] * along * along;
            }
        }

        return gain;
    }

    /// <summary>As <see cref="Shipped"/> is kept: bias, weights of the lengths, curvatures and directions, little-endian.</summary>
    public byte[] ToBytes()
    {
        var bytes = new byte[sizeof(float) * (Others + Directions.Length)];
        var values = MemoryMarshal.Cast<byte, float>(bytes.AsSpan());
        (values[0], values[1], values[2]) = (Bias, Characters, Sentences);
        Curvatures.CopyTo(values[(Others - Rank)..]);
        Directions.CopyTo(values[Others..]);
        return bytes;
    }

    private static GainPrior Load()
    {
        using var stream = typeof(GainPrior).Assembly.GetManifestResourceStream(Resource)!;
        var bytes = new byte[stream.Length];
        stream.ReadExactly(bytes);
        var values = MemoryMarshal.Cast<byte, float>(bytes);
        return new GainPrior(values[Others..].ToArray(), values[(Others - Rank)..Others].ToArray(), values[1], values[2], values[0]);
    }
}
