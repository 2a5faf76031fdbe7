using LlmThrift.Internal;

namespace LlmThrift.Resilience;

/// <summary>Options of resilience: timeouts, retries, a circuit breaker, hedging. All of it ends with the first update of an answer.</summary>
public sealed class ResilienceOptions
{
    private static readonly TimeSpan MaxTime = TimeSpan.FromDays(1);
    private static readonly TimeSpan MinBreakerTime = TimeSpan.FromSeconds(0.5);

    /// <summary>
    /// How long one attempt may take to its first update, or to its answer where it is not streamed. Default: 100 seconds, as long as an <c>HttpClient</c> waits.
    /// Null for as long as it takes. An attempt that is given up is billed by the provider all the same.
    /// </summary>
    public TimeSpan? Timeout { get; set; } = TimeSpan.FromSeconds(100);

    /// <summary>How often a request is repeated after the first attempt. Default: 2. 0 for never.</summary>
    public int MaxRetries { get; set; } = 2;

    /// <summary>
    /// About how long the first repetition waits; each further one waits twice as long, spread at random so that callers do not come back all at once. Default: 1 second.
    /// </summary>
    public TimeSpan BaseDelay { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>
    /// The longest wait before a repetition. Default: 30 seconds. Where the provider asks for a longer one, the failure goes on to the caller, or to another tier, at once.
    /// </summary>
    public TimeSpan MaxRetryDelay { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>
    /// Which failures are worth another attempt, and count for the circuit breaker. Default: HTTP status 408, 409, 429 and from 500 on, timeouts, and connections that break or do
    /// not come about. Never asked once output has started or the caller has left.
    /// </summary>
    public Func<Exception, bool> ShouldRetry { get; set; } = ProviderFailures.ShouldRetry;

    /// <summary>
    /// How long the provider asks to wait, told by its exception; null where it does not say. Default: null. Where there is no such function or it does not know, it is what
    /// <c>Exception.Data["Retry-After"]</c> holds: a <see cref="TimeSpan"/>, a number of seconds, or the text of the header. <c>docs/resilience.md</c> shows how to read it from the
    /// exceptions of OpenAI's package.
    /// </summary>
    public Func<Exception, TimeSpan?>? RetryAfter { get; set; }

    /// <summary>From which share of failing attempts on the provider is left alone for a while. Default: 0.5. Null or 0 for never.</summary>
    public double? BreakerFailureRatio { get; set; } = 0.5;

    /// <summary>How many attempts there must be within <see cref="BreakerSamplingDuration"/> for their share of failures to count. Default: 10. At least 2.</summary>
    public int BreakerMinimumThroughput { get; set; } = 10;

    /// <summary>Over how long attempts are counted. Default: 30 seconds. From half a second to a day.</summary>
    public TimeSpan BreakerSamplingDuration { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>For how long the provider is left alone; then one attempt is let through, and decides. Default: 30 seconds. From half a second to a day.</summary>
    public TimeSpan BreakDuration { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>
    /// After which percentile of the recent times to the first update a second attempt is made beside the first, such as 0.95. Default: null, never. The first to start answers; the
    /// other is cancelled, and what it cost is on the bill. Above 0, below 1. Waits for 20 attempts to learn from.
    /// </summary>
    public double? HedgeAfterPercentile { get; set; }

    /// <summary>The least time after which a second attempt is made. Default: 250 milliseconds.</summary>
    public TimeSpan MinHedgeDelay { get; set; } = TimeSpan.FromMilliseconds(250);

    /// <summary>How many attempts are made beside the first. Default: 1. At least 1.</summary>
    public int MaxHedges { get; set; } = 1;

    internal bool UsesBreaker => BreakerFailureRatio is > 0;

    internal void Validate(OptionsProblems problems)
    {
        problems.AddIf(
            Timeout is { } timeout && (timeout <= TimeSpan.Zero || timeout > MaxTime),
            $"Resilience.Timeout is {Timeout}: it must be more than zero and at most a day, such as 00:01:40, or null for no limit."
        );
        problems.AddIf(MaxRetries < 0, $"Resilience.MaxRetries is {MaxRetries}: it must be at least 0, which is for never.");
        problems.AddIf(
            BaseDelay < TimeSpan.Zero || BaseDelay > MaxTime,
            $"Resilience.BaseDelay is {BaseDelay}: it must be from zero to a day, such as 00:00:01."
        );
        problems.AddIf(
            MaxRetryDelay < TimeSpan.Zero || MaxRetryDelay > MaxTime,
            $"Resilience.MaxRetryDelay is {MaxRetryDelay}: it must be from zero to a day, such as 00:00:30."
        );
        problems.AddIf(ShouldRetry is null, "Resilience.ShouldRetry is null: set MaxRetries to 0 for no retries.");
        problems.AddIf(
            BreakerFailureRatio is not (null or (>= 0 and <= 1)),
            FormattableString.Invariant(
                $"Resilience.BreakerFailureRatio is {BreakerFailureRatio}: it must be from 0 to 1, such as 0.5, or null for no circuit breaker."
            )
        );
        if (UsesBreaker)
        {
            problems.AddIf(
                BreakerMinimumThroughput < 2,
                $"Resilience.BreakerMinimumThroughput is {BreakerMinimumThroughput}: it must be at least 2."
            );
            problems.AddIf(
                BreakerSamplingDuration < MinBreakerTime || BreakerSamplingDuration > MaxTime,
                $"Resilience.BreakerSamplingDuration is {BreakerSamplingDuration}: it must be from half a second to a day, such as 00:00:30."
            );
            problems.AddIf(
                BreakDuration < MinBreakerTime || BreakDuration > MaxTime,
                $"Resilience.BreakDuration is {BreakDuration}: it must be from half a second to a day, such as 00:00:30."
            );
        }

        problems.AddIf(
            HedgeAfterPercentile is not (null or (> 0 and < 1)),
            FormattableString.Invariant(
                $"Resilience.HedgeAfterPercentile is {HedgeAfterPercentile}: it must be above 0 and below 1, such as 0.95, or null for no hedging."
            )
        );
        problems.AddIf(
            MinHedgeDelay < TimeSpan.Zero || MinHedgeDelay > MaxTime,
            $"Resilience.MinHedgeDelay is {MinHedgeDelay}: it must be from zero to a day, such as 00:00:00.250."
        );
        problems.AddIf(
            MaxHedges < 1,
            $"Resilience.MaxHedges is {MaxHedges}: it must be at least 1; set HedgeAfterPercentile to null for none."
        );
    }
}
