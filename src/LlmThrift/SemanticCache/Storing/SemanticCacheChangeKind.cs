namespace LlmThrift.SemanticCache;

/// <summary>What has happened in a store that several processes share.</summary>
public enum SemanticCacheChangeKind
{
    /// <summary>Everything must be loaded, for the first time or again.</summary>
    Reload,

    /// <summary>An entry was saved.</summary>
    Saved,

    /// <summary>An entry was removed.</summary>
    Removed,
}
