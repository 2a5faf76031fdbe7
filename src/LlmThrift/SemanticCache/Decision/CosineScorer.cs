namespace LlmThrift.SemanticCache;

/// <summary>Takes the similarity for the probability.</summary>
internal sealed class CosineScorer : IQuestionPairScorer
{
    public float Score(in QuestionPair pair) => Math.Clamp(pair.Similarity, 0f, 1f);
}
