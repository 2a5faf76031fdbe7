namespace ConsoleReplay.Semantic;

/// <summary>What the semantic cache served, how much of it was wrong, and what it took.</summary>
internal sealed record SemanticFigures
{
    /// <summary>The share of wrong answers, 0 to 1, that the cache was allowed.</summary>
    public required double MaxErrorRate { get; init; }

    /// <summary>The calls served.</summary>
    public required CheckedHits Calls { get; init; }

    /// <summary>The different questions served; repeats of a question are served alike and say nothing new.</summary>
    public required CheckedHits Questions { get; init; }

    public required int EncodedTexts { get; init; }

    /// <summary>The median time for a text.</summary>
    public required TimeSpan EncoderMedian { get; init; }

    public required TimeSpan EncoderTotal { get; init; }

    /// <summary>Calls that could have been served, and went to the provider to check the cache.</summary>
    public required long Audits { get; init; }

    /// <summary>What these cost, in USD.</summary>
    public required decimal AuditCost { get; init; }

    /// <summary>What the stage noted, by reason.</summary>
    public required IReadOnlyDictionary<string, long> Decisions { get; init; }
}
