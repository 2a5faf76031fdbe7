namespace LlmThrift.SemanticCache;

/// <summary>Scores pairs by <see cref="LexicalFeatures"/>: the scorer of embedding generators that bring none. Thread-safe.</summary>
/// <remarks>
/// A logistic regression. The verb <c>fit-lexical</c> of tests/LlmThrift.Evaluation makes the weights, from pairs of English questions and the
/// similarities of all-MiniLM-L6-v2.
/// </remarks>
internal sealed class LexicalPairScorer : IQuestionPairScorer
{
    private const float Intercept = -8.5795f;

    private static ReadOnlySpan<float> Weights => [10.4199f, -0.0031f, 0.7931f, 0.0396f, -0.236f, -0.4953f, -0.3256f, -0.3533f, -1.0401f];

    public float Score(in QuestionPair pair)
    {
        Span<float> features = stackalloc float[LexicalFeatures.Count];
        LexicalFeatures.Compute(
            QuestionText.Parse(pair.Question),
            QuestionText.Parse(pair.CachedQuestion),
            Math.Clamp(pair.Similarity, 0, 1),
            features
        );
        var logOdds = Intercept;
        for (var i = 0; i < features.Length; i++)
        {
            logOdds += Weights[i] * features[i];
        }

        return 1 / (1 + MathF.Exp(-logOdds));
    }
}
