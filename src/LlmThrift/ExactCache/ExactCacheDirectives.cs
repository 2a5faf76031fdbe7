using LlmThrift.Internal;

namespace LlmThrift.ExactCache;

/// <summary>What the app may ask of the exact cache for one call.</summary>
internal static class ExactCacheDirectives
{
    public const string Mode = CallDirectives.Prefix + "exact_cache.mode";
    public const string Tags = CallDirectives.Prefix + "exact_cache.tags";
    public const string Key = CallDirectives.Prefix + "exact_cache.key";
    public const string Expiration = CallDirectives.Prefix + "exact_cache.expiration";

    public static ExactCacheMode ModeOf(CallContext context) => context.Directive<ExactCacheMode>(Mode);

    public static IReadOnlyList<string> TagsOf(CallContext context) => context.Directive<IReadOnlyList<string>>(Tags) ?? [];

    public static string? KeyOf(CallContext context) => context.Directive<string>(Key);

    public static TimeSpan? ExpirationOf(CallContext context) => context.Directive<TimeSpan?>(Expiration);
}
