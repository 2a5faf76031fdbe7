namespace LlmThrift.Metering;

/// <summary>What a <see cref="CostReport"/> has added up at one moment. Immutable.</summary>
public sealed record CostSummary
{
    /// <summary>All calls.</summary>
    public required CostTotals Total { get; init; }

    /// <summary>By the model that answered, else the model asked for.</summary>
    public required IReadOnlyDictionary<string, CostTotals> ByModel { get; init; }

    /// <summary>By tenant.</summary>
    public required IReadOnlyDictionary<string, CostTotals> ByTenant { get; init; }

    /// <summary>By feature.</summary>
    public required IReadOnlyDictionary<string, CostTotals> ByFeature { get; init; }

    /// <summary>By hour of the call's start, UTC.</summary>
    public required IReadOnlyDictionary<DateTimeOffset, CostTotals> ByHour { get; init; }

    /// <summary>Calls that a stage let pass, by "stage: reason".</summary>
    public required IReadOnlyDictionary<string, long> PassedBy { get; init; }
}
