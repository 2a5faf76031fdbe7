namespace LlmThrift.SemanticCache;

/// <summary>A question as it is stored outside of the process.</summary>
public sealed record StoredSemanticEntry
{
    /// <summary>Names the entry: SHA-256, in hexadecimal, of scope and question. Saving under a known id replaces.</summary>
    public required string Id { get; init; }

    /// <summary>SHA-256, in hexadecimal, of everything that must be equal: partition, model, system prompt, tools, options.</summary>
    public required string Scope { get; init; }

    /// <summary>The question, as the user asked it.</summary>
    public required string Question { get; init; }

    /// <summary>Its embedding, of length one.</summary>
    public required ReadOnlyMemory<float> Vector { get; init; }

    /// <summary>The model that made the embedding. Vectors of different models have nothing to do with each other.</summary>
    public required string EmbeddingModel { get; init; }

    /// <summary>The id of the answer, which many questions may share.</summary>
    public required string AnswerId { get; init; }

    /// <summary>When the question was answered.</summary>
    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>From when on it must not be served.</summary>
    public required DateTimeOffset ExpiresAt { get; init; }

    /// <summary>Tags of the call, for removal.</summary>
    public IReadOnlyList<string> Tags { get; init; } = [];
}
