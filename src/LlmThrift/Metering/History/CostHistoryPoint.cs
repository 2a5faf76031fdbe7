namespace LlmThrift.Metering;

/// <summary>What the calls of one interval add up to.</summary>
/// <param name="Start">When the interval begins, UTC.</param>
/// <param name="Totals">The sums.</param>
public sealed record CostHistoryPoint(DateTimeOffset Start, CostTotals Totals);
