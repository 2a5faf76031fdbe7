using LlmThrift.ExactCache;
using LlmThrift.Internal.Caching;

namespace Microsoft.Extensions.AI;

/// <summary>Says, for one call, what the exact cache may do.</summary>
public static class ExactCacheChatOptionsExtensions
{
    /// <summary>Sets what the exact cache does with this call.</summary>
    /// <param name="options">The options of the call; changed and returned.</param>
    /// <param name="mode">What to do.</param>
    /// <returns><paramref name="options"/>.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="options"/> is null.</exception>
    public static ChatOptions WithExactCache(this ChatOptions options, ExactCacheMode mode) =>
        Set(options, CacheDirectives.Use, (CacheUse)mode);

    /// <summary>Marks the stored answer, so that <see cref="ExactCacheManager.RemoveByTagAsync"/> can remove it.</summary>
    /// <param name="options">The options of the call; changed and returned.</param>
    /// <param name="tags">The tags, such as "product:42". Not part of the key.</param>
    /// <returns><paramref name="options"/>.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="options"/> or <paramref name="tags"/> is null.</exception>
    /// <exception cref="ArgumentException">A tag is null or empty.</exception>
    public static ChatOptions WithCacheTags(this ChatOptions options, params string[] tags)
    {
        ArgumentNullException.ThrowIfNull(tags);
        foreach (var tag in tags)
        {
            ArgumentException.ThrowIfNullOrEmpty(tag, nameof(tags));
        }

        return Set(options, CacheDirectives.Tags, (IReadOnlyList<string>)[.. tags]);
    }

    /// <summary>
    /// Adds <paramref name="key"/> to the cache's key. With it, a request that has a <see cref="ChatOptions.RawRepresentationFactory"/> is
    /// cached too: the key must then stand for everything that the factory sets.
    /// </summary>
    /// <param name="options">The options of the call; changed and returned.</param>
    /// <param name="key">The key.</param>
    /// <returns><paramref name="options"/>.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="options"/> is null.</exception>
    /// <exception cref="ArgumentException"><paramref name="key"/> is null or empty.</exception>
    public static ChatOptions WithCacheKey(this ChatOptions options, string key)
    {
        ArgumentException.ThrowIfNullOrEmpty(key);
        return Set(options, CacheDirectives.Key, key);
    }

    /// <summary>Sets how long this answer may be served, in place of <see cref="ExactCacheOptions.Expiration"/>.</summary>
    /// <param name="options">The options of the call; changed and returned.</param>
    /// <param name="expiration">More than zero.</param>
    /// <returns><paramref name="options"/>.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="options"/> is null.</exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="expiration"/> is zero or negative.</exception>
    public static ChatOptions WithCacheExpiration(this ChatOptions options, TimeSpan expiration)
    {
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(expiration, TimeSpan.Zero);
        return Set(options, CacheDirectives.Expiration, expiration);
    }

    private static ChatOptions Set(ChatOptions options, string key, object value)
    {
        ArgumentNullException.ThrowIfNull(options);
        (options.AdditionalProperties ??= [])[key] = value;
        return options;
    }
}
