namespace LlmThrift.ExactCache;

/// <summary>The stored answers of an exact cache: how many there are, and how to remove them. Safe for concurrent use.</summary>
/// <remarks>
/// Get it from the pipeline: <c>client.GetService&lt;ExactCacheManager&gt;()</c>. Removals work in this process at once, and in a distributed cache
/// behind it; other processes keep what they hold in memory until it expires.
/// </remarks>
public sealed class ExactCacheManager
{
    private readonly IResponseStore _store;

    internal ExactCacheManager(IResponseStore store)
    {
        _store = store;
    }

    /// <summary>Answers in this process; 0 when the app's <c>HybridCache</c> keeps them.</summary>
    public int Count => _store.Count;

    /// <summary>Bytes that they hold, roughly; 0 when the app's <c>HybridCache</c> keeps them.</summary>
    public long Bytes => _store.Bytes;

    /// <summary>Removes the answers stored with a tag, also those that are being made now.</summary>
    /// <param name="tag">A tag given by <c>options.WithCacheTags(…)</c>.</param>
    /// <param name="cancellationToken">Cancels the removal from a distributed cache.</param>
    /// <returns>A task that ends when they are gone.</returns>
    /// <exception cref="ArgumentException"><paramref name="tag"/> is null or empty.</exception>
    public ValueTask RemoveByTagAsync(string tag, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(tag);
        return _store.RemoveByTagAsync(tag, cancellationToken);
    }

    /// <summary>Removes all answers, also those that are being made now.</summary>
    /// <param name="cancellationToken">Cancels the removal from a distributed cache.</param>
    /// <returns>A task that ends when they are gone.</returns>
    public ValueTask ClearAsync(CancellationToken cancellationToken = default) => _store.ClearAsync(cancellationToken);
}
