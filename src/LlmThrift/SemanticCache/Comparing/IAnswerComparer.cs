namespace LlmThrift.SemanticCache;

/// <summary>Tells whether two answers say the same. Safe for concurrent use. Called after the caller has its answer, never on its way.</summary>
public interface IAnswerComparer
{
    /// <summary>Compares. What it throws is counted, and the pair then counts as one that nobody could tell about.</summary>
    /// <param name="pair">The answers, with the questions that they answer.</param>
    /// <param name="cancellationToken">Cancels the comparison.</param>
    /// <returns>Whether the cached answer would have been a right answer to the question; null when that cannot be told.</returns>
    ValueTask<bool?> AreSameAsync(AnswerPair pair, CancellationToken cancellationToken);
}
