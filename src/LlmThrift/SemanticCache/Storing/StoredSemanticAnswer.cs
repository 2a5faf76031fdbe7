namespace LlmThrift.SemanticCache;

/// <summary>An answer as it is stored outside of the process.</summary>
public sealed record StoredSemanticAnswer
{
    /// <summary>Names the answer. Saving under a known id replaces.</summary>
    public required string Id { get; init; }

    /// <summary>The answer: opaque, versioned, with a checksum. What does not read back exactly is left out.</summary>
    public required ReadOnlyMemory<byte> Payload { get; init; }

    /// <summary>From when on it must not be served.</summary>
    public required DateTimeOffset ExpiresAt { get; init; }
}
