namespace LlmThrift.Internal.Caching;

/// <summary>What the app may ask of the caches for one call.</summary>
internal static class CacheDirectives
{
    /// <summary>Set for the exact cache. A cache further in does the same unless it is told otherwise: who wants a fresh answer wants it from none.</summary>
    public const string Use = CallDirectives.Prefix + "cache.use";
    public const string Tags = CallDirectives.Prefix + "cache.tags";
    public const string Key = CallDirectives.Prefix + "cache.key";
    public const string Expiration = CallDirectives.Prefix + "cache.expiration";

    public static CacheUse UseOf(CallContext context) => context.Directive<CacheUse>(Use);

    public static IReadOnlyList<string> TagsOf(CallContext context) => context.Directive<IReadOnlyList<string>>(Tags) ?? [];

    public static string? KeyOf(CallContext context) => context.Directive<string>(Key);

    public static TimeSpan? ExpirationOf(CallContext context) => context.Directive<TimeSpan?>(Expiration);
}
