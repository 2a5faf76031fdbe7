using System.Text.Json.Serialization;
using LlmThrift.Budgets;
using LlmThrift.Metering;
using LlmThrift.OutputLimits;
using LlmThrift.SemanticCache;

namespace LlmThrift.AspNetCore.Dashboard;

/// <summary>All that the page shows, as it is sent to it.</summary>
internal sealed record DashboardSummary
{
    public required string Title { get; init; }

    public required DateTimeOffset From { get; init; }

    public required DateTimeOffset To { get; init; }

    public required int IntervalSeconds { get; init; }

    public required CostTotals Total { get; init; }

    /// <summary>The span of the same length before.</summary>
    public required CostTotals Previous { get; init; }

    public required IReadOnlyList<CostHistoryPoint> Points { get; init; }

    public required IReadOnlyList<NamedTotals> Models { get; init; }

    public required IReadOnlyList<NamedTotals> Tenants { get; init; }

    public required IReadOnlyList<NamedTotals> Features { get; init; }

    public required IReadOnlyList<TierShare> Tiers { get; init; }

    public required IReadOnlyList<ShownCall> Dearest { get; init; }

    public required IReadOnlyList<BudgetStatus> Budgets { get; init; }

    public required IReadOnlyList<SemanticFigures> SemanticCaches { get; init; }

    public required IReadOnlyList<LearnedCap> OutputCaps { get; init; }

    public required IReadOnlyList<PassedBy> PassedBy { get; init; }

    public required FilterNames Names { get; init; }

    public required IReadOnlyList<DashboardWarning> Warnings { get; init; }

    /// <summary>The days of the price books in use.</summary>
    public required IReadOnlyList<DateOnly> PriceBooks { get; init; }

    /// <summary>False where no call has ever been kept, as far as the store can tell.</summary>
    public required bool HasAnyCalls { get; init; }

    public required bool ShowUsers { get; init; }
}

internal sealed record NamedTotals(string Name, CostTotals Totals);

internal sealed record TierShare(string Name, long Calls);

internal sealed record PassedBy(string Stage, string Reason, long Calls);

internal sealed record SemanticFigures(SemanticCacheStatistics Statistics, SemanticShadowReport Shadow);

internal sealed record FilterNames(IReadOnlyList<string> Tenants, IReadOnlyList<string> Features, IReadOnlyList<string> Models);

/// <param name="Severity">"warning" or "info".</param>
/// <param name="Text">What is the matter, and what to do about it.</param>
internal sealed record DashboardWarning(string Severity, string Text);

/// <summary>A single call: names, counts and money.</summary>
internal sealed record ShownCall
{
    public required Guid Id { get; init; }

    public required DateTimeOffset StartedAt { get; init; }

    public required double DurationMs { get; init; }

    public required CallOutcome Outcome { get; init; }

    public required string? ErrorType { get; init; }

    public required string? Tenant { get; init; }

    public required string? Feature { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public required string? User { get; init; }

    public required string? Provider { get; init; }

    public required string? RequestedModel { get; init; }

    public required string? Model { get; init; }

    public required string? Tier { get; init; }

    public required string? ServedBy { get; init; }

    public required bool IsUpkeep { get; init; }

    public required bool IsStreaming { get; init; }

    public required bool IsEstimated { get; init; }

    public required long InputTokens { get; init; }

    public required long OutputTokens { get; init; }

    public required long BaselineInputTokens { get; init; }

    public required long BaselineOutputTokens { get; init; }

    public required decimal? BaselineCost { get; init; }

    public required decimal? ActualCost { get; init; }

    public required decimal? Saving { get; init; }

    public required IReadOnlyList<StageSaving> SavingByStage { get; init; }

    public static ShownCall Of(StoredCall call, bool showUsers) =>
        new()
        {
            Id = call.Id,
            StartedAt = call.StartedAt,
            DurationMs = call.Duration.TotalMilliseconds,
            Outcome = call.Outcome,
            ErrorType = call.ErrorType,
            Tenant = call.Tags.Tenant,
            Feature = call.Tags.Feature,
            User = showUsers ? call.Tags.User : null,
            Provider = call.Provider,
            RequestedModel = call.RequestedModel,
            Model = call.Model,
            Tier = call.Tier,
            ServedBy = call.ServedBy,
            IsUpkeep = call.IsUpkeep,
            IsStreaming = call.IsStreaming,
            IsEstimated = call.IsEstimated,
            InputTokens = call.InputTokens,
            OutputTokens = call.OutputTokens,
            BaselineInputTokens = call.BaselineInputTokens,
            BaselineOutputTokens = call.BaselineOutputTokens,
            BaselineCost = call.BaselineCost,
            ActualCost = call.ActualCost,
            Saving = call.BaselineCost - call.ActualCost,
            SavingByStage = call.SavingByStage,
        };
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, UseStringEnumConverter = true)]
[JsonSerializable(typeof(DashboardSummary))]
[JsonSerializable(typeof(ShownCall))]
internal sealed partial class DashboardJson : JsonSerializerContext;
