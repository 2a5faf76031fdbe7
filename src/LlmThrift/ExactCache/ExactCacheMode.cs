namespace LlmThrift.ExactCache;

/// <summary>What the exact cache does with one call.</summary>
public enum ExactCacheMode
{
    /// <summary>Serves a stored answer, else calls and stores. The default.</summary>
    Default,

    /// <summary>Neither reads nor writes.</summary>
    Bypass,

    /// <summary>Calls the provider and replaces what is stored.</summary>
    Refresh,

    /// <summary>Serves a stored answer, else calls without storing.</summary>
    ReadOnly,
}
