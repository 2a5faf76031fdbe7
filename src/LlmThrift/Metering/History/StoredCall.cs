namespace LlmThrift.Metering;

/// <summary>A call record in the form in which it is kept: flat, names and numbers only. Immutable.</summary>
public sealed record StoredCall
{
    /// <summary>Names the record. Ids made by <see cref="From"/> rise with time.</summary>
    public required Guid Id { get; init; }

    /// <summary>When the call began.</summary>
    public required DateTimeOffset StartedAt { get; init; }

    /// <summary>From the call to its end as the app saw it.</summary>
    public TimeSpan Duration { get; init; }

    /// <summary>How the call ended.</summary>
    public CallOutcome Outcome { get; init; }

    /// <summary>The full type name of the exception that ended the call, or null.</summary>
    public string? ErrorType { get; init; }

    /// <summary>Tenant, feature and user, as the app set them.</summary>
    public CallTags Tags { get; init; }

    /// <summary>The provider's name, or null.</summary>
    public string? Provider { get; init; }

    /// <summary>The model that answered, else the model asked for, else null.</summary>
    public string? Model { get; init; }

    /// <summary>The model that the app asked for, or null.</summary>
    public string? RequestedModel { get; init; }

    /// <summary>The stage that answered in the provider's place; null for the provider.</summary>
    public string? ServedBy { get; init; }

    /// <summary>The tier that answered, where calls are routed; else null.</summary>
    public string? Tier { get; init; }

    /// <summary>True for work that a stage did for itself: cost without a call.</summary>
    public bool IsUpkeep { get; init; }

    /// <summary>True for a stream.</summary>
    public bool IsStreaming { get; init; }

    /// <summary>True when some count was made here rather than reported by the provider.</summary>
    public bool IsEstimated { get; init; }

    /// <summary>Input tokens billed.</summary>
    public long InputTokens { get; init; }

    /// <summary>Output tokens billed.</summary>
    public long OutputTokens { get; init; }

    /// <summary>Input tokens as the app sent them.</summary>
    public long BaselineInputTokens { get; init; }

    /// <summary>Output tokens as delivered.</summary>
    public long BaselineOutputTokens { get; init; }

    /// <summary>What the call would have cost as the app sent it, US dollars; null when no price is known.</summary>
    public decimal? BaselineCost { get; init; }

    /// <summary>What the call cost, US dollars; null when no price is known.</summary>
    public decimal? ActualCost { get; init; }

    /// <summary>The parts of the saving, at most one a stage; empty when a cost is not known.</summary>
    public IReadOnlyList<StageSaving> SavingByStage { get; init; } = [];

    /// <summary>The form in which a record is kept.</summary>
    /// <param name="record">The record.</param>
    /// <returns>The same without attempts and notes, with a new id.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="record"/> is null.</exception>
    public static StoredCall From(CallRecord record)
    {
        ArgumentNullException.ThrowIfNull(record);
        return new()
        {
            Id = Guid.CreateVersion7(record.StartedAt),
            StartedAt = record.StartedAt,
            Duration = record.Duration,
            Outcome = record.Outcome,
            ErrorType = record.ErrorType,
            Tags = record.Tags,
            Provider = record.Provider,
            Model = record.Model ?? record.RequestedModel,
            RequestedModel = record.RequestedModel,
            ServedBy = record.ServedBy,
            Tier = record.Routing?.Tier,
            IsUpkeep = record.IsUpkeep,
            IsStreaming = record.IsStreaming,
            IsEstimated = record.IsEstimated,
            InputTokens = record.BilledUsage.InputTokens,
            OutputTokens = record.BilledUsage.OutputTokens,
            BaselineInputTokens = record.BaselineUsage.InputTokens,
            BaselineOutputTokens = record.BaselineUsage.OutputTokens,
            BaselineCost = record.BaselineCost,
            ActualCost = record.ActualCost,
            SavingByStage = record.SavingByStage,
        };
    }
}
