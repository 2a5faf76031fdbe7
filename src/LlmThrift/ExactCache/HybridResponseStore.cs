using System.Diagnostics.CodeAnalysis;
using LlmThrift.Internal;
using LlmThrift.Internal.Caching;
using Microsoft.Extensions.Caching.Hybrid;

namespace LlmThrift.ExactCache;

/// <summary>
/// The app's own <see cref="HybridCache"/> as the store: its levels, its limits, its tags. It keeps payloads, which need no serializer and no
/// public type, and read the same from every implementation.
/// </summary>
internal sealed class HybridResponseStore(HybridCache cache) : IResponseStore
{
    private const string KeyPrefix = "llmthrift:x1:";

    /// <summary>Removes all of LlmThrift's answers without touching what else the app caches.</summary>
    private const string EverythingTag = "llmthrift";

    private static readonly HybridCacheEntryOptions ReadOnly = new() { Flags = HybridCacheEntryFlags.DisableUnderlyingData };

    public bool IsAsynchronous => true;

    public int Count => 0;

    public long Bytes => 0;

    public bool TryGet(UInt128 key, [NotNullWhen(true)] out RecordedResponse? response)
    {
        response = null;
        return false;
    }

    public async ValueTask<RecordedResponse?> GetAsync(UInt128 key, string stableKey, CancellationToken cancellationToken)
    {
        var payload = await cache
            .GetOrCreateAsync<byte[]?>(
                KeyPrefix + stableKey,
                static _ => ValueTask.FromResult<byte[]?>(null),
                ReadOnly,
                cancellationToken: cancellationToken
            )
            .ConfigureAwait(false);
        return payload is null ? null : ResponsePayload.TryRead(payload);
    }

    public bool TrySet(UInt128 key, RecordedResponse response, TimeSpan expiration) => false;

    public ValueTask SetAsync(string stableKey, RecordedResponse response, TimeSpan expiration, CancellationToken cancellationToken) =>
        cache.SetAsync(
            KeyPrefix + stableKey,
            ResponsePayload.Write(response),
            new HybridCacheEntryOptions { Expiration = expiration, LocalCacheExpiration = expiration },
            [EverythingTag, .. response.Tags],
            cancellationToken
        );

    public ValueTask RemoveByTagAsync(string tag, CancellationToken cancellationToken) => cache.RemoveByTagAsync(tag, cancellationToken);

    public ValueTask ClearAsync(CancellationToken cancellationToken) => cache.RemoveByTagAsync(EverythingTag, cancellationToken);
}
