namespace LlmThrift.Metering;

/// <summary>What the calls of a span of time add up to. Immutable.</summary>
public sealed record CostHistory
{
    /// <summary>All calls of the query.</summary>
    public required CostTotals Total { get; init; }

    /// <summary>By time, in its order; spans without calls are left out.</summary>
    public required IReadOnlyList<CostHistoryPoint> Points { get; init; }

    /// <summary>By the model that answered, else the model asked for. At most <see cref="CostReport.MaxGroups"/>, the dearest; the rest under <see cref="CostReport.OtherGroup"/>.</summary>
    public required IReadOnlyDictionary<string, CostTotals> ByModel { get; init; }

    /// <summary>By tenant, likewise.</summary>
    public required IReadOnlyDictionary<string, CostTotals> ByTenant { get; init; }

    /// <summary>By feature, likewise.</summary>
    public required IReadOnlyDictionary<string, CostTotals> ByFeature { get; init; }

    /// <summary>How many calls each tier answered; empty where nothing was routed.</summary>
    public required IReadOnlyDictionary<string, long> CallsByTier { get; init; }
}
