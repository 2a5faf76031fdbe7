using LlmThrift.Vectors;

namespace LlmThrift.Routing;

/// <summary>
/// How much a stronger model gains on a question: a mean, what questions like it gained (a Gaussian kernel on embeddings), what can be counted in it, and what a prior says. Immutable.
/// </summary>
internal sealed class GainModel
{
    /// <summary>The squared distance of embeddings over which likeness falls to 1/e.</summary>
    public const float Width = 0.6f;

    private readonly float[] _anchors;
    private readonly float[] _weights;
    private readonly int _dimensions;

    /// <param name="dimensions">Of an embedding.</param>
    /// <param name="anchors">The embeddings of known questions, one after another.</param>
    /// <param name="weights">One for each of them.</param>
    /// <param name="features">A weight for each of <see cref="PromptFeatures"/>.</param>
    /// <param name="prior">The weight of the prior.</param>
    /// <param name="bias">Added.</param>
    public GainModel(int dimensions, float[] anchors, float[] weights, float[] features, float prior, float bias)
    {
        (_dimensions, _anchors, _weights, FeatureWeights, PriorWeight, Bias) = (dimensions, anchors, weights, features, prior, bias);
    }

    public int Dimensions => _dimensions;

    public ReadOnlySpan<float> Anchors => _anchors;

    public ReadOnlySpan<float> Weights => _weights;

    public float[] FeatureWeights { get; }

    public float PriorWeight { get; }

    public float Bias { get; }

    /// <summary>A model of nothing but the prior.</summary>
    public static GainModel OfPrior(int dimensions) => new(dimensions, [], [], new float[PromptFeatures.Count], 1, 0);

    /// <summary>The gain.</summary>
    /// <param name="vector">The question's embedding, of length one.</param>
    /// <param name="features">Its features.</param>
    /// <param name="prior">What the prior says of it.</param>
    public double Score(ReadOnlySpan<float> vector, ReadOnlySpan<float> features, double prior)
    {
        var score = Bias + (PriorWeight * prior);
        for (var i = 0; i < FeatureWeights.Length; i++)
        {
            score += FeatureWeights[i] * features[i];
        }

        for (var anchor = 0; anchor < _weights.Length; anchor++)
        {
            var similarity = UnitVectors.Dot(vector, _anchors.AsSpan(anchor * _dimensions, _dimensions));
            score += _weights[anchor] * MathF.Exp((2 * similarity - 2) / Width);
        }

        return score;
    }
}
