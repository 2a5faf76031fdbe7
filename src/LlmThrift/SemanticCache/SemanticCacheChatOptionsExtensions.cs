using LlmThrift.Internal;
using LlmThrift.SemanticCache;

namespace Microsoft.Extensions.AI;

/// <summary>Says what the semantic cache may do with a call, and what became of it.</summary>
public static class SemanticCacheChatOptionsExtensions
{
    /// <summary>
    /// Sets what the semantic cache does with this call. Without it, the semantic cache does what <c>WithExactCache</c> asks of the exact cache
    /// (Bypass, Refresh, ReadOnly), else what its options say. <c>WithCacheTags</c>, <c>WithCacheKey</c> and <c>WithCacheExpiration</c> apply to both caches.
    /// </summary>
    /// <param name="options">The options of the call; changed and returned.</param>
    /// <param name="mode">What to do.</param>
    /// <returns><paramref name="options"/>.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="options"/> is null.</exception>
    public static ChatOptions WithSemanticCache(this ChatOptions options, SemanticCacheMode mode)
    {
        ArgumentNullException.ThrowIfNull(options);
        (options.AdditionalProperties ??= [])[SemanticCacheDirectives.Mode] = mode;
        return options;
    }

    /// <summary>
    /// Says that this answer, served by the semantic cache, was wrong: the entry that it came from goes, and the cache becomes more careful.
    /// </summary>
    /// <param name="response">A response as the pipeline gave it.</param>
    /// <returns>False when the semantic cache did not serve it, it was reported before, or 10,000 hits have come since.</returns>
    /// <remarks>A response that somebody copied does not know any more: keep <c>HitId</c> of its record, and tell the <see cref="SemanticCacheManager"/>.</remarks>
    /// <exception cref="ArgumentNullException"><paramref name="response"/> is null.</exception>
    public static bool ReportWrongAnswer(this ChatResponse response)
    {
        ArgumentNullException.ThrowIfNull(response);
        return (response as MeteredChatResponse)?.Match?.ReportWrong() == true;
    }

    /// <summary>The same for a stream: of a pipeline with a cost meter, the last update knows.</summary>
    /// <param name="update">The last update of a stream.</param>
    /// <returns>False when the semantic cache did not serve the stream, this is not its last update, or it was reported before.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="update"/> is null.</exception>
    public static bool ReportWrongAnswer(this ChatResponseUpdate update)
    {
        ArgumentNullException.ThrowIfNull(update);
        return (update as MeteredChatResponseUpdate)?.Record.SemanticMatch?.ReportWrong() == true;
    }
}
