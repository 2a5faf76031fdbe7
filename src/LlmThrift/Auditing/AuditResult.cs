using LlmThrift.Routing;

namespace LlmThrift.Auditing;

/// <summary>What an audit found out. Immutable.</summary>
public sealed record AuditResult
{
    /// <summary>The cheaper tier, with the mean cost of its answers.</summary>
    public required PolicyTier Weak { get; init; }

    /// <summary>The dearer tier, with the mean cost of its answers.</summary>
    public required PolicyTier Strong { get; init; }

    /// <summary>The requests with two answers and a judgement.</summary>
    public required IReadOnlyList<AuditedPrompt> Prompts { get; init; }

    /// <summary>When it was made.</summary>
    public required DateTimeOffset At { get; init; }

    /// <summary>What the report is about: what routing is to hold to.</summary>
    public required RoutingTarget Target { get; init; }

    /// <summary>The policy; null when there are fewer than <see cref="RoutingPolicy.MinPrompts"/> judged requests, or no embedding generator.</summary>
    public RoutingPolicy? Policy { get; init; }

    /// <summary>How many requests were drawn.</summary>
    public int Sampled { get; init; }

    /// <summary>How many requests a tier or the judge did not answer. They are asked again when the audit is run again.</summary>
    public int Failed { get; init; }

    /// <summary>How many requests were under way when an earlier run was ended from outside. They may have been paid for, are not asked again, and are left out.</summary>
    public int Interrupted { get; init; }

    /// <summary>How many have answers and wait for a judgement, as the judge could not tell, or people have yet to.</summary>
    public int Unjudged { get; init; }

    /// <summary>How many were not asked, as the money was spent.</summary>
    public int Unasked { get; init; }

    /// <summary>What all runs of this audit have cost, in USD; what may have been billed for interrupted requests is in it at its most.</summary>
    public decimal Spent { get; init; }

    /// <summary>How many calls the app makes in a month, for the saving; null when it was not told.</summary>
    public long? CallsPerMonth { get; init; }

    /// <summary>Whether nothing is left to do.</summary>
    public bool IsComplete => Failed + Unjudged + Unasked == 0;
}
