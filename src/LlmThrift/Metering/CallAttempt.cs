using LlmThrift.Pricing;

namespace LlmThrift.Metering;

/// <summary>One request to a provider, or to a helper that costs money, made on behalf of a call.</summary>
public sealed record CallAttempt
{
    /// <summary>The stage that made the attempt necessary, one of <see cref="Diagnostics.CostStages"/>.</summary>
    public required string Stage { get; init; }

    /// <summary>The provider's name as its client reports it, or null.</summary>
    public string? Provider { get; init; }

    /// <summary>The model that answered, else the one asked for, else null.</summary>
    public string? Model { get; init; }

    /// <summary>The tokens billed.</summary>
    public required TokenUsage Usage { get; init; }

    /// <summary>US dollars; null when no price is known.</summary>
    public decimal? Cost { get; init; }

    /// <summary>True when the provider did not report the usage and it was counted here.</summary>
    public bool IsEstimated { get; init; }

    /// <summary>How the attempt ended.</summary>
    public CallOutcome Outcome { get; init; }

    /// <summary>From the request to the last update.</summary>
    public TimeSpan Duration { get; init; }

    /// <summary>True for a request that did not ask for the answer itself, such as one for an embedding.</summary>
    internal bool IsHelper { get; init; }

    /// <summary>True once the budgets know of it.</summary>
    internal bool IsBudgeted { get; set; }

    /// <summary>The price that <see cref="Cost"/> was made with.</summary>
    internal ModelPrice? Price { get; init; }
}
