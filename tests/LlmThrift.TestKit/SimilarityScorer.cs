using LlmThrift.SemanticCache;

namespace LlmThrift.TestKit;

/// <summary>The similarity as it is, so that tests say with their vectors what is alike.</summary>
public sealed class SimilarityScorer : IQuestionPairScorer
{
    public float Score(in QuestionPair pair) => pair.Similarity;
}
