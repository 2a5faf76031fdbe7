namespace LlmThrift.SemanticCache;

/// <summary>The questions and answers of a semantic cache: counts, removal, feedback, what shadow mode has seen. Safe for concurrent use.</summary>
/// <remarks>Get it from the pipeline: <c>client.GetService&lt;SemanticCacheManager&gt;()</c>.</remarks>
public sealed class SemanticCacheManager
{
    private readonly SemanticCacheState _state;

    internal SemanticCacheManager(SemanticCacheState state)
    {
        _state = state;
    }

    /// <summary>What the cache holds and has done.</summary>
    /// <returns>The numbers of now.</returns>
    public SemanticCacheStatistics GetStatistics() => _state.GetStatistics();

    /// <summary>What the calls in shadow mode would have been served, and how often wrongly.</summary>
    /// <returns>The numbers of now; those of the last calls are in it when <see cref="WhenIdleAsync"/> has ended.</returns>
    public SemanticShadowReport GetShadowReport() => _state.Shadow.ToReport();

    /// <summary>Removes the questions asked with a tag, those whose answer comes from a call with it, and what is being answered now.</summary>
    /// <param name="tag">A tag given by <c>options.WithCacheTags(…)</c>.</param>
    /// <param name="cancellationToken">Cancels waiting for the store; they are gone from the cache at once.</param>
    /// <returns>A task that ends when they are gone from the store too.</returns>
    /// <exception cref="ArgumentException"><paramref name="tag"/> is null or empty.</exception>
    public Task RemoveByTagAsync(string tag, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(tag);
        return _state.RemoveByTagAsync(tag, cancellationToken);
    }

    /// <summary>Removes everything, and what is being answered now. What was learnt about errors stays.</summary>
    /// <param name="cancellationToken">Cancels waiting for the store; everything is gone from the cache at once.</param>
    /// <returns>A task that ends when everything is gone from the store too.</returns>
    public Task ClearAsync(CancellationToken cancellationToken = default) =>
        _state.RemoveByTagAsync(Internal.Caching.RemovedTags.Everything, cancellationToken);

    /// <summary>Says that an answer served was wrong: the entry that it came from goes, and the cache becomes more careful.</summary>
    /// <param name="hitId">The hit, from <see cref="Metering.SemanticMatch.HitId"/>.</param>
    /// <returns>False when the hit is unknown, reported before, or not among the last 10,000.</returns>
    public bool ReportWrongAnswer(long hitId) => _state.ReportWrong(hitId);

    /// <summary>Ends when all that goes on after calls is done: late vectors, comparisons, saves. For tests, shutdown and measurements.</summary>
    /// <returns>The task.</returns>
    public Task WhenIdleAsync() => _state.WhenIdleAsync();
}
