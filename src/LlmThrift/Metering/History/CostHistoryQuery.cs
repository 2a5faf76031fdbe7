namespace LlmThrift.Metering;

/// <summary>Which calls to add up or to read. A filter that is null lets all through.</summary>
public sealed record CostHistoryQuery
{
    /// <summary>Calls that began at this time or later.</summary>
    public required DateTimeOffset From { get; init; }

    /// <summary>Calls that began before this time.</summary>
    public required DateTimeOffset To { get; init; }

    /// <summary>
    /// The span of time that each point of <see cref="CostHistory.Points"/> stands for. Default: one hour. Points begin at whole multiples of it since 0001-01-01 UTC. Stores keep
    /// sums by the minute for two days and by the hour for good: a shorter span than an hour is answered for as long as it can be.
    /// </summary>
    public TimeSpan Interval { get; init; } = TimeSpan.FromHours(1);

    /// <summary>Only calls for this tenant; <see cref="CostReport.NoGroup"/> for those without one.</summary>
    public string? Tenant { get; init; }

    /// <summary>Only calls of this feature; <see cref="CostReport.NoGroup"/> for those without one.</summary>
    public string? Feature { get; init; }

    /// <summary>Only calls that this model answered, or where none did, that asked for it; <see cref="CostReport.NoGroup"/> for those without one.</summary>
    public string? Model { get; init; }
}
