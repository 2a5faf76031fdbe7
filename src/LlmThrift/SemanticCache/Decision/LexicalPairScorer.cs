namespace LlmThrift.SemanticCache;

/// <summary>Scores pairs by <see cref="LexicalFeatures"/>: the scorer of embedding generators that bring none. Thread-safe.</summary>
/// <remarks>
/// A logistic regression. The verb <c>fit-lexical</c> of tests/LlmThrift.Evaluation makes the weights, from pairs of English questions and the
/// similarities of all-MiniLM-L6-v2.
/// </remarks>
internal sealed class LexicalPairScorer : IQuestionPairScorer
{
    private const float Intercept = -8.5678f;

    private static ReadOnlySpan<float> Weights =>
        [10.945f, 0.8786f, -1.5455f, 0.2955f, 0.2043f, -0.1508f, -0.3929f, -0.6021f, -0.3995f, -0.2834f, -1.1068f];

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
