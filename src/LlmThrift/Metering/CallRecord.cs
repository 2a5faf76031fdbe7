using LlmThrift.Pricing;

namespace LlmThrift.Metering;

/// <summary>What one call of the app cost, what it would have cost, and which stage made the difference. Immutable.</summary>
/// <remarks>
/// <para><see cref="BaselineCost"/> is what the call would have cost as the app sent it: requested model, all its tokens, no discount of the
/// provider's own cache, the output as delivered. <see cref="ActualCost"/> is the sum of all attempts.
/// <see cref="SavingByStage"/> adds up to <see cref="Saving"/> exactly, to the last decimal.</para>
/// <para>Money is in US dollars. Null means that no price is known; it is never reported as zero.</para>
/// </remarks>
public sealed class CallRecord
{
    /// <summary>When the call began.</summary>
    public required DateTimeOffset StartedAt { get; init; }

    /// <summary>From the call to its end as the app saw it.</summary>
    public TimeSpan Duration { get; init; }

    /// <summary>From the call to the first update of a stream; null for other calls.</summary>
    public TimeSpan? TimeToFirstUpdate { get; init; }

    /// <summary>True for <c>GetStreamingResponseAsync</c>.</summary>
    public bool IsStreaming { get; init; }

    /// <summary>How the call ended.</summary>
    public CallOutcome Outcome { get; init; }

    /// <summary>The full type name of the exception that ended the call, or null. Never its message, which may quote a prompt.</summary>
    public string? ErrorType { get; init; }

    /// <summary>Tenant, feature and user, as the app set them.</summary>
    public CallTags Tags { get; init; }

    /// <summary>The provider's name as its client reports it, or null.</summary>
    public string? Provider { get; init; }

    /// <summary>The model that the app asked for, else the client's default model, else null.</summary>
    public string? RequestedModel { get; init; }

    /// <summary>The model that answered, or null.</summary>
    public string? Model { get; init; }

    /// <summary>The stage that answered in the provider's place, such as <see cref="Diagnostics.CostStages.ExactCache"/>; null for the provider.</summary>
    public string? ServedBy { get; init; }

    /// <summary>How the answer was found, when the semantic cache served it; else null.</summary>
    public SemanticMatch? SemanticMatch { get; init; }

    /// <summary>Which tier was asked, and why, when the call was routed; else null.</summary>
    public RoutingDecision? Routing { get; init; }

    /// <summary>
    /// True when this is no call of the app but work that a stage did for itself after one, such as comparing answers: all cost, no baseline,
    /// under the tags of the call that gave rise to it. Reports add up its cost and do not count it as a call.
    /// </summary>
    public bool IsUpkeep { get; init; }

    /// <summary>The tokens billed, over all attempts.</summary>
    public required TokenUsage BilledUsage { get; init; }

    /// <summary>The tokens that the call would have been billed as the app sent it.</summary>
    public required TokenUsage BaselineUsage { get; init; }

    /// <summary>True when some count was made here rather than reported by the provider.</summary>
    public bool IsEstimated { get; init; }

    /// <summary>What the call would have cost as the app sent it.</summary>
    public decimal? BaselineCost { get; init; }

    /// <summary>What the call cost, over all attempts.</summary>
    public decimal? ActualCost { get; init; }

    /// <summary><see cref="BaselineCost"/> less <see cref="ActualCost"/>; null when either is unknown.</summary>
    public decimal? Saving => BaselineCost - ActualCost;

    /// <summary>The parts of <see cref="Saving"/>, at most one a stage, in no particular order; empty when it is null.</summary>
    public IReadOnlyList<StageSaving> SavingByStage { get; init; } = [];

    /// <summary>The requests made to providers and helpers, in the order in which they ended; empty for a cache hit.</summary>
    public IReadOnlyList<CallAttempt> Attempts { get; init; } = [];

    /// <summary>What the stages did, and why some let the call pass.</summary>
    public IReadOnlyList<StageNote> Notes { get; init; } = [];
}
