using LlmThrift.Internal;
using LlmThrift.Internal.Caching;

namespace LlmThrift.SemanticCache;

/// <summary>What the app may ask of the semantic cache for one call.</summary>
internal static class SemanticCacheDirectives
{
    public const string Mode = CallDirectives.Prefix + "semantic_cache.mode";

    /// <summary>The call's own mode; else what it asked of the exact cache; else the options'.</summary>
    public static SemanticCacheMode ModeOf(CallContext context, SemanticCacheMode ofOptions) =>
        context.Directive<SemanticCacheMode?>(Mode)
        ?? CacheDirectives.UseOf(context) switch
        {
            CacheUse.Bypass => SemanticCacheMode.Bypass,
            CacheUse.Refresh => SemanticCacheMode.Refresh,
            CacheUse.ReadOnly => SemanticCacheMode.ReadOnly,
            _ => ofOptions,
        };

    public static CacheUse AsUse(SemanticCacheMode mode) =>
        mode switch
        {
            SemanticCacheMode.Bypass => CacheUse.Bypass,
            SemanticCacheMode.Refresh => CacheUse.Refresh,
            SemanticCacheMode.ReadOnly => CacheUse.ReadOnly,
            _ => CacheUse.Default,
        };
}
