namespace LlmThrift.SemanticCache;

/// <summary>What a semantic cache holds and has done. Immutable.</summary>
public sealed record SemanticCacheStatistics
{
    /// <summary>Questions kept.</summary>
    public required int Entries { get; init; }

    /// <summary>Answers kept: each is shared by all questions that are known to have it.</summary>
    public required int Answers { get; init; }

    /// <summary>Scopes: groups of requests that are equal in all but the last question.</summary>
    public required int Scopes { get; init; }

    /// <summary>Bytes held by questions, vectors and answers, roughly.</summary>
    public required long Bytes { get; init; }

    /// <summary>Answers served.</summary>
    public required long Hits { get; init; }

    /// <summary>Served answers that were reported as wrong.</summary>
    public required long ReportedWrong { get; init; }
}
