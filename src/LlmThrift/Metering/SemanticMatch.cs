namespace LlmThrift.Metering;

/// <summary>How the semantic cache found an answer: numbers and an id, never text. Immutable.</summary>
public sealed class SemanticMatch
{
    internal SemanticMatch(Func<bool> reportWrong)
    {
        ReportWrong = reportWrong;
    }

    /// <summary>Names the hit, for <c>SemanticCacheManager.ReportWrongAnswer</c>. Unique in its cache and process.</summary>
    public required long HitId { get; init; }

    /// <summary>Cosine similarity of the two questions' embeddings, from -1 to 1.</summary>
    public required float Similarity { get; init; }

    /// <summary>The pair scorer's probability, from 0 to 1, that both questions have the same answer.</summary>
    public required float Score { get; init; }

    /// <summary>What the cache believed, when it served the answer, to be the highest share of wrong ones among answers like it, from 0 to 1.</summary>
    public required float ErrorBound { get; init; }

    /// <summary>How long before the hit the call began that the answer comes from.</summary>
    public required TimeSpan Age { get; init; }

    /// <summary>Takes the entry out that was served; false when the hit is forgotten or was reported before.</summary>
    internal Func<bool> ReportWrong { get; }
}
