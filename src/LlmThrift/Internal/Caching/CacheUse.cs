namespace LlmThrift.Internal.Caching;

/// <summary>What the app allows caches to do with one call. The values of the public modes of each cache.</summary>
internal enum CacheUse
{
    Default,
    Bypass,
    Refresh,
    ReadOnly,
}
