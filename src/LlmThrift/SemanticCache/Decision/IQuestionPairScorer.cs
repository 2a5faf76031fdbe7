namespace LlmThrift.SemanticCache;

/// <summary>Says how likely it is that two questions have the same answer. Safe for concurrent use.</summary>
/// <remarks>
/// Set <see cref="SemanticCacheOptions.PairScorer"/>, or let the embedding generator answer <c>GetService(typeof(IQuestionPairScorer))</c>.
/// Called up to three times a request, on its way: it should take microseconds.
/// </remarks>
public interface IQuestionPairScorer
{
    /// <summary>Scores a pair.</summary>
    /// <param name="pair">The question asked and one that was answered before, in the same scope.</param>
    /// <returns>A calibrated probability, from 0 to 1.</returns>
    float Score(in QuestionPair pair);
}
