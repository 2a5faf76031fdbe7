using System.Runtime.InteropServices;
using LlmThrift.Vectors;

namespace LlmThrift.Routing;

/// <summary>
/// How much a stronger model gains, as far as the subject of a question tells by itself: a linear function of its embedding by all-MiniLM-L6-v2. What an app
/// starts from that has no answers of its own to learn from; weak by nature, as models differ.
/// </summary>
/// <param name="Weights">One for each dimension.</param>
/// <param name="Bias">Added.</param>
internal sealed record GainPrior(float[] Weights, float Bias)
{
    public const string EmbeddingModel = "all-MiniLM-L6-v2";

    private const string Resource = "LlmThrift.Routing.gain-prior.bin";

    private static readonly Lazy<GainPrior> Loaded = new(Load);

    /// <summary>The one that comes with the package, fitted by <c>fit-routing</c> of the evaluation program.</summary>
    public static GainPrior Shipped => Loaded.Value;

    public double Of(ReadOnlySpan<float> vector) => Bias + (vector.Length == Weights.Length ? UnitVectors.Dot(vector, Weights) : 0);

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

        var weights = new double[dimensions];
        SymmetricSystem.Solve(products, lambda, targets, weights, new double[dimensions]);
        return new GainPrior(Array.ConvertAll(weights, weight => (float)weight), (float)(meanGain - DoubleVectors.Dot(weights, mean)));
    }

    /// <summary>As <see cref="Shipped"/> is kept: the bias and the weights, little-endian.</summary>
    public byte[] ToBytes()
    {
        var bytes = new byte[sizeof(float) * (Weights.Length + 1)];
        var values = MemoryMarshal.Cast<byte, float>(bytes.AsSpan());
        values[0] = Bias;
        Weights.CopyTo(values[1..]);
        return bytes;
    }

    private static GainPrior Load()
    {
        using var stream = typeof(GainPrior).Assembly.GetManifestResourceStream(Resource)!;
        var bytes = new byte[stream.Length];
        stream.ReadExactly(bytes);
        var values = MemoryMarshal.Cast<byte, float>(bytes);
        return new GainPrior(values[1..].ToArray(), values[0]);
    }
}
