namespace LlmThrift.SemanticCache;

/// <summary>A change in a store that several processes share. Immutable.</summary>
public sealed record SemanticCacheChange
{
    /// <summary>What has happened.</summary>
    public required SemanticCacheChangeKind Kind { get; init; }

    /// <summary>The entry's id; empty with <see cref="SemanticCacheChangeKind.Reload"/>.</summary>
    public string EntryId { get; init; } = "";

    /// <summary>The entry as it is now; with <see cref="SemanticCacheChangeKind.Saved"/> alone.</summary>
    public StoredSemanticEntry? Entry { get; init; }

    /// <summary>Its answer; with <see cref="SemanticCacheChangeKind.Saved"/> alone.</summary>
    public StoredSemanticAnswer? Answer { get; init; }
}
