namespace LlmThrift.SemanticCache;

/// <summary>Says how likely it is that two questions have the same answer. Safe for concurrent use.</summary>
/// <remarks>
/// Set <see cref="SemanticCacheOptions.PairScorer"/>, or let the embedding generator answer <c>GetService(typeof(IQuestionPairScorer))</c>.
/// </remarks>
public interface IQuestionPairScorer
{
    /// <summary>Scores a pair. Called up to three times a request, on its way: it should take microseconds.</summary>
    /// <param name="pair">The question asked and one that was answered before, in the same scope.</param>
    /// <returns>A calibrated probability, from 0 to 1.</returns>
    float Score(in QuestionPair pair);

    /// <summary>
    /// Scores a pair with more care. Called at most once a request, for an answer that would be served and is not beyond doubt, so that it may take
    /// milliseconds; as <see cref="Score"/> unless a scorer has something better.
    /// </summary>
    /// <param name="pair">The question asked and the one whose answer it may get.</param>
    /// <returns>A calibrated probability, from 0 to 1.</returns>
    float Verify(in QuestionPair pair) => Score(pair);
}
