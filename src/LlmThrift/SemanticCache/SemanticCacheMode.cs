namespace LlmThrift.SemanticCache;

/// <summary>What the semantic cache does: with all calls (<see cref="SemanticCacheOptions.Mode"/>) or with one.</summary>
public enum SemanticCacheMode
{
    /// <summary>Serves an answer when the bound on errors allows it, else calls, stores and learns. The default.</summary>
    Default,

    /// <summary>Neither reads nor writes.</summary>
    Bypass,

    /// <summary>Calls the provider and replaces what is stored.</summary>
    Refresh,

    /// <summary>Serves an answer when the bound on errors allows it, else calls without storing and without learning.</summary>
    ReadOnly,

    /// <summary>Decides and writes down, but always calls, then compares: what would have been served, and how often it would have been wrong.</summary>
    Shadow,
}
