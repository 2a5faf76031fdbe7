using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using LlmThrift.Internal;
using LlmThrift.Internal.Caching;
using Microsoft.Extensions.Caching.Distributed;

namespace LlmThrift.ExactCache;

/// <summary>The default store: answers as objects in this process, and behind it, when the app has one, a distributed cache with payloads.</summary>
/// <remarks>
/// A tag is removed by noting when: in this process the entries go at once; in the distributed cache a marker makes older entries misses.
/// </remarks>
internal sealed class InProcessResponseStore(ExactCacheOptions options, IDistributedCache? distributed, TimeProvider clock) : IResponseStore
{
    private const string KeyPrefix = "llmthrift:x1:";
    private const string TagPrefix = "llmthrift:t1:";

    private static readonly TimeSpan MarkerLifetime = TimeSpan.FromDays(60);

    private readonly SieveStore<UInt128, RecordedResponse> _local = new(options.MaxEntries, options.MaxBytes, clock);
    private readonly RemovedTags _removedTags = new();

    public bool IsAsynchronous => distributed is not null;

    public int Count => _local.Count;

    public long Bytes => _local.Bytes;

    public bool TryGet(UInt128 key, [NotNullWhen(true)] out RecordedResponse? response) => _local.TryGet(key, out response);

    public async ValueTask<RecordedResponse?> GetAsync(UInt128 key, string stableKey, CancellationToken cancellationToken)
    {
        if (
            distributed is null
            || await distributed.GetAsync(KeyPrefix + stableKey, cancellationToken).ConfigureAwait(false) is not { } payload
        )
        {
            return null;
        }

        var response = ResponsePayload.TryRead(payload);
        if (response is null || await IsRemovedAsync(distributed, response, cancellationToken).ConfigureAwait(false))
        {
            return null;
        }

        // Its time in this process starts anew, but not beyond what the distributed cache would have allowed it.
        var left = options.Expiration - (clock.GetUtcNow() - response.RequestedAt);
        if (left > TimeSpan.Zero)
        {
            _local.Set(key, response, response.Size, left);
        }

        return response;
    }

    public bool TrySet(UInt128 key, RecordedResponse response, TimeSpan expiration) =>
        !_removedTags.Contain(response) && _local.Set(key, response, response.Size, expiration);

    public async ValueTask SetAsync(string stableKey, RecordedResponse response, TimeSpan expiration, CancellationToken cancellationToken)
    {
        if (distributed is not null && !_removedTags.Contain(response))
        {
            var entry = new DistributedCacheEntryOptions { AbsoluteExpirationRelativeToNow = expiration };
            await distributed
                .SetAsync(KeyPrefix + stableKey, ResponsePayload.Write(response), entry, cancellationToken)
                .ConfigureAwait(false);
        }
    }

    public async ValueTask RemoveByTagAsync(string tag, CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        _removedTags.Add(tag, now);
        _local.RemoveWhere(response => tag == RemovedTags.Everything || response.Tags.Contains(tag));
        if (distributed is not null)
        {
            var marker = Encoding.ASCII.GetBytes(now.ToString("O", CultureInfo.InvariantCulture));
            var entry = new DistributedCacheEntryOptions { AbsoluteExpirationRelativeToNow = MarkerLifetime };
            await distributed.SetAsync(MarkerKey(tag), marker, entry, cancellationToken).ConfigureAwait(false);
        }
    }

    public ValueTask ClearAsync(CancellationToken cancellationToken) => RemoveByTagAsync(RemovedTags.Everything, cancellationToken);

    private static async ValueTask<bool> IsRemovedAsync(
        IDistributedCache distributed,
        RecordedResponse response,
        CancellationToken cancellationToken
    )
    {
        foreach (var tag in response.Tags.Prepend(RemovedTags.Everything))
        {
            var marker = await distributed.GetAsync(MarkerKey(tag), cancellationToken).ConfigureAwait(false);
            if (
                marker is not null
                && DateTimeOffset.TryParse(Encoding.ASCII.GetString(marker), CultureInfo.InvariantCulture, out var removedAt)
                && response.RequestedAt <= removedAt
            )
            {
                return true;
            }
        }

        return false;
    }

    private static string MarkerKey(string tag) => TagPrefix + Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(tag)));
}
