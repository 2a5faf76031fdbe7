namespace ConsoleReplay.Running;

/// <summary>How a replay went.</summary>
internal sealed record ReplayOutcome
{
    /// <summary>Calls that were answered.</summary>
    public required int Answered { get; init; }

    /// <summary>Calls that failed, by what went wrong. No error message of a service: it may quote the prompt.</summary>
    public required IReadOnlyDictionary<string, int> Failures { get; init; }

    /// <summary>Whether the user stopped the replay.</summary>
    public bool IsCancelled { get; init; }

    /// <summary>Why the replay gave up, if it did.</summary>
    public string? StopReason { get; init; }

    public TimeSpan Elapsed { get; init; }

    public int Failed => Failures.Values.Sum();
}
