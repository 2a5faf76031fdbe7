using System.Diagnostics;

namespace LlmThrift.Metering;

/// <summary>A record between the beginning and the end of its call.</summary>
internal struct OpenRecord
{
    public required DateTimeOffset StartedAt { get; init; }

    public required long StartedTimestamp { get; init; }

    public string? Provider { get; init; }

    public string? RequestedModel { get; init; }

    public bool IsStreaming { get; init; }

    /// <summary>True when a meter further in bills what reaches the provider.</summary>
    public bool IsBilledFurtherIn { get; init; }

    public Activity? Activity { get; init; }

    public TimeSpan? TimeToFirstUpdate { get; set; }
}
