using Microsoft.Extensions.Caching.Distributed;

namespace LlmThrift.Stores;

/// <summary>Until when an entry of a distributed cache may be served.</summary>
internal static class CacheExpiration
{
    /// <summary>The latest time, in ticks, whatever slides; <see cref="long.MaxValue"/> for none.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The absolute expiration does not lie in the future.</exception>
    public static long LatestOf(DistributedCacheEntryOptions options, DateTimeOffset now)
    {
        var latest = options.AbsoluteExpirationRelativeToNow is { } relative
            ? Later(now, relative)
            : options.AbsoluteExpiration?.UtcTicks ?? long.MaxValue;
        return latest > now.UtcTicks
            ? latest
            : throw new ArgumentOutOfRangeException(
                nameof(options),
                options.AbsoluteExpiration,
                "The absolute expiration must lie in the future."
            );
    }

    private static long Later(DateTimeOffset now, TimeSpan by) =>
        by.Ticks > DateTimeOffset.MaxValue.Ticks - now.UtcTicks ? long.MaxValue : now.UtcTicks + by.Ticks;
}
