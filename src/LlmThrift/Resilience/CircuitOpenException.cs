namespace LlmThrift.Resilience;

/// <summary>No request was made, as the last ones failed: the circuit breaker is open. Another tier, or the same one later, may answer.</summary>
public sealed class CircuitOpenException : Exception
{
    internal CircuitOpenException(string target, TimeSpan? retryAfter, DateTimeOffset? closesAt, Exception? innerException)
        : base(Describe(target, retryAfter), innerException)
    {
        (RetryAfter, ClosesAt) = (retryAfter, closesAt);
    }

    /// <summary>How long until a request is let through again; null while one is under way that decides.</summary>
    public TimeSpan? RetryAfter { get; }

    /// <summary>When a request is let through again; null while one is under way that decides.</summary>
    public DateTimeOffset? ClosesAt { get; }

    private static string Describe(string target, TimeSpan? retryAfter) =>
        $"The circuit breaker of {target} is open, as too many requests failed, and no request was made. "
        + (
            retryAfter is { } wait
                ? FormattableString.Invariant($"One is let through in {Math.Ceiling(wait.TotalSeconds):0} seconds.")
                : "One that is under way decides whether it closes."
        );
}
