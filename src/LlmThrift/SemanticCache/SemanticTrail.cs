using LlmThrift.Vectors;

namespace LlmThrift.SemanticCache;

/// <summary>What a look-up leaves behind for keeping the answer and learning from it.</summary>
internal sealed class SemanticTrail(string scopeKey, string question)
{
    public string ScopeKey { get; } = scopeKey;

    public string Question { get; } = question;

    /// <summary>Never fails; null until it is begun.</summary>
    public Task<EmbeddedText>? Embedding { get; set; }

    /// <summary>Of length one; null when it was not there in time.</summary>
    public float[]? Vector { get; set; }

    /// <summary>What the look-up found; null when it did not look, or had no vector in time.</summary>
    public Candidate[]? Candidates { get; set; }

    /// <summary>Null when nothing was decided.</summary>
    public ServingDecision? Decision { get; set; }

    /// <summary>True when the decision was to be written down only.</summary>
    public bool IsShadow { get; init; }

    /// <summary>True when the vector's cost is in the call's own record.</summary>
    public bool IsEmbeddingBilled { get; set; }

    /// <summary>The entry that the answer was kept in.</summary>
    public SemanticEntry? Kept { get; set; }
}
