namespace LlmThrift.Metering;

/// <summary>Which tier a call was sent to, and why: names and numbers, never text. Immutable.</summary>
public sealed record RoutingDecision
{
    /// <summary>The name of the tier that the answer comes from; of the last one tried when none answered.</summary>
    public required string Tier { get; init; }

    /// <summary>The name of the tier that was chosen first. Another one than <see cref="Tier"/> after an escalation or a failure.</summary>
    public required string FirstTier { get; init; }

    /// <summary>Why the first tier was chosen.</summary>
    public required RoutingReason Reason { get; init; }

    /// <summary>The name of the rule that chose, when <see cref="Reason"/> is <see cref="RoutingReason.Rule"/>; else null.</summary>
    public string? Rule { get; init; }

    /// <summary>What a stronger model would gain here, as the scorer sees it; null when it was not asked.</summary>
    public double? Score { get; init; }

    /// <summary>The score from which on a stronger tier is chosen; null when no scorer was asked.</summary>
    public double? Threshold { get; init; }

    /// <summary>The check that an answer did not pass, when the call was escalated; else null.</summary>
    public string? FailedCheck { get; init; }

    /// <summary>The tiers whose request failed or was refused by the provider before one answered.</summary>
    public IReadOnlyList<string> FailedTiers { get; init; } = [];
}
