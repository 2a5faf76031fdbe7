namespace LlmThrift.SemanticCache;

/// <summary>Keeps questions and answers of a semantic cache beyond the life of the process. Safe for concurrent use.</summary>
/// <remarks>
/// Nothing that it throws fails a call, and no call waits for it. Saves and removals come one after another, in the order in which they happened.
/// The cache reads everything once, at its first call; what other processes save afterwards it sees only from a store that is an <see cref="ISemanticCacheFeed"/>, too.
/// </remarks>
public interface ISemanticCacheStore
{
    /// <summary>Reads all answers that have not expired.</summary>
    /// <param name="now">The time.</param>
    /// <param name="cancellationToken">Cancels the reading.</param>
    /// <returns>The answers, in any order.</returns>
    IAsyncEnumerable<StoredSemanticAnswer> LoadAnswersAsync(DateTimeOffset now, CancellationToken cancellationToken);

    /// <summary>Reads all entries of one embedding model that have not expired.</summary>
    /// <param name="embeddingModel">The model.</param>
    /// <param name="now">The time.</param>
    /// <param name="cancellationToken">Cancels the reading.</param>
    /// <returns>The entries, in any order.</returns>
    IAsyncEnumerable<StoredSemanticEntry> LoadEntriesAsync(string embeddingModel, DateTimeOffset now, CancellationToken cancellationToken);

    /// <summary>Saves an entry and its answer, both or neither.</summary>
    /// <param name="entry">The entry.</param>
    /// <param name="answer">The answer of <see cref="StoredSemanticEntry.AnswerId"/>.</param>
    /// <param name="cancellationToken">Cancels the saving.</param>
    /// <returns>A task that ends when both are saved.</returns>
    ValueTask SaveAsync(StoredSemanticEntry entry, StoredSemanticAnswer answer, CancellationToken cancellationToken);

    /// <summary>Removes an entry, if it is there, and its answer when no other entry has it.</summary>
    /// <param name="entryId">The entry's id.</param>
    /// <param name="cancellationToken">Cancels the removal.</param>
    /// <returns>A task that ends when it is gone.</returns>
    ValueTask RemoveAsync(string entryId, CancellationToken cancellationToken);
}
