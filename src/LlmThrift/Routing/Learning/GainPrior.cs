using System.Runtime.InteropServices;
using LlmThrift.Vectors;

namespace LlmThrift.Routing;

/// <summary>
/// How much a stronger model gains, as far as a question tells by itself: a linear function of its embedding by all-MiniLM-L6-v2, and of its length. What an app
/// starts from that has no answers of its own to learn from; weak by nature, as models differ.
/// </summary>
/// <param name="Weights">One for each dimension.</param>
/// <param name="Characters">For the logarithm of the length in characters, one of <see cref="PromptFeatures"/>.</param>
/// <param name="Sentences">For that of the number of sentences.</param>
/// <param name="Bias">Added.</param>
internal sealed record GainPrior(float[] Weights, float Characters, float Sentences, float Bias)
{
    public const string EmbeddingModel = "all-MiniLM-L6-v2";

    /// <summary>Values before the weights.</summary>
    private const int Others = 3;

    private const string Resource = "LlmThrift.Routing.gain-prior.bin";

    /// <summary>
    /// Longer questions gain more, by this much for each standard deviation. Not fitted with the rest: length varies with the subject, so that a fit takes it for a sign of the subjects it knows.
    /// </summary>
    private const double OfLength = 0.015;

    private static readonly Lazy<GainPrior> Loaded = new(Load);

    /// <summary>The one that comes with the package, fitted by <c>fit-routing</c> of the evaluation program.</summary>
    public static GainPrior Shipped => Loaded.Value;

    /// <summary>The gain.</summary>
    /// <param name="vector">The question's embedding, of length one.</param>
    /// <param name="features">Its features.</param>
    public double Of(ReadOnlySpan<float> vector, ReadOnlySpan<float> features) =>
        Bias
        + (vector.Length == Weights.Length ? UnitVectors.Dot(vector, Weights) : 0)
        + (Characters * features[PromptFeatures.Characters])
        + (Sentences * features[PromptFeatures.Sentences]);

    /// <summary>Ridge regression of gains on embeddings.</summary>
    /// <param name="examples">What to fit to.</param>
    /// <param name="lambda">More than 0: the larger, the less single questions count.</param>
    public static GainPrior Fit(IReadOnlyList<GainExample> examples, double lambda)
    {
        var dimensions = examples[0].Vector.Length;
        var mean = new double[dimensions];
        var meanGain = examples.Average(example => example.Gain);
        foreach (var example in examples)
        {
            for (var d = 0; d < dimensions; d++)
            {
                mean[d] += (double)example.Vector[d] / examples.Count;
            }
        }

        var products = new double[dimensions * dimensions];
        var targets = new double[dimensions];
        var centered = new double[dimensions];
        foreach (var example in examples)
        {
            for (var d = 0; d < dimensions; d++)
            {
                centered[d] = example.Vector[d] - mean[d];
            }

            DoubleVectors.Add(centered, example.Gain - meanGain, targets);
            for (var d = 0; d < dimensions; d++)
            {
                DoubleVectors.Add(centered, centered[d], products.AsSpan(d * dimensions, dimensions));
            }
        }

        var weights = SymmetricSystem.Solve(products, lambda, targets).Solutions[0];
        var (characters, ofCharacters) = Length(examples, PromptFeatures.Characters);
        var (sentences, ofSentences) = Length(examples, PromptFeatures.Sentences);
        return new GainPrior(
            Array.ConvertAll(weights, weight => (float)weight),
            (float)ofCharacters,
            (float)ofSentences,
            (float)(meanGain - DoubleVectors.Dot(weights, mean) - (ofCharacters * characters) - (ofSentences * sentences))
        );
    }

    /// <summary>As <see cref="Shipped"/> is kept: bias, weights of the lengths, and weights, little-endian.</summary>
    public byte[] ToBytes()
    {
        var bytes = new byte[sizeof(float) * (Weights.Length + Others)];
        var values = MemoryMarshal.Cast<byte, float>(bytes.AsSpan());
        (values[0], values[1], values[2]) = (Bias, Characters, Sentences);
        Weights.CopyTo(values[Others..]);
        return bytes;
    }

    private static (double Mean, double Weight) Length(IReadOnlyList<GainExample> examples, int feature)
    {
        var mean = examples.Average(example => example.Features[feature]);
        var variance = examples.Average(example => (example.Features[feature] - mean) * (example.Features[feature] - mean));
        return (mean, OfLength / 2 / (Math.Sqrt(variance) + 1e-3));
    }

    private static GainPrior Load()
    {
        using var stream = typeof(GainPrior).Assembly.GetManifestResourceStream(Resource)!;
        var bytes = new byte[stream.Length];
        stream.ReadExactly(bytes);
        var values = MemoryMarshal.Cast<byte, float>(bytes);
        return new GainPrior(values[Others..].ToArray(), values[1], values[2], values[0]);
    }
}
