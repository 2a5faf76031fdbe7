namespace LlmThrift.AspNetCore;

/// <summary>What the calls made within a request add up to, as far as they have ended. Immutable.</summary>
public sealed record RequestCosts
{
    /// <summary>Calls of the app.</summary>
    public required int Calls { get; init; }

    /// <summary>Calls that a cache answered.</summary>
    public required int ServedCalls { get; init; }

    /// <summary>Calls without a known price; they are in no sum of money.</summary>
    public required int UnpricedCalls { get; init; }

    /// <summary>What the calls would have cost as the app made them, in US dollars.</summary>
    public required decimal BaselineCost { get; init; }

    /// <summary>What the calls cost, in US dollars.</summary>
    public required decimal ActualCost { get; init; }

    /// <summary><see cref="BaselineCost"/> less <see cref="ActualCost"/>.</summary>
    public decimal Saving => BaselineCost - ActualCost;

    /// <summary>The time spent on calls; calls at the same time count each.</summary>
    public required TimeSpan Duration { get; init; }
}
