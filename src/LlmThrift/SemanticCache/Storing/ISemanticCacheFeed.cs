namespace LlmThrift.SemanticCache;

/// <summary>A semantic cache's store that tells what other processes save and remove. Optional: a store that implements it beside <see cref="ISemanticCacheStore"/> is listened to.</summary>
public interface ISemanticCacheFeed
{
    /// <summary>
    /// Tells of changes as they happen. The first is <see cref="SemanticCacheChangeKind.Reload"/>: what is loaded after it, with what is told after it, is everything. A lost
    /// connection is made again by itself, and what happened meanwhile is told then; where that is no longer known, everything is to be loaded again.
    /// </summary>
    /// <param name="embeddingModel">Only entries of this embedding model.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <returns>The changes. It ends when the store is disposed, and may tell what the caller did itself, and a thing twice.</returns>
    IAsyncEnumerable<SemanticCacheChange> WatchAsync(string embeddingModel, CancellationToken cancellationToken);
}
