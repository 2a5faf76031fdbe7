namespace LlmThrift.Metering;

/// <summary>How a call or an attempt ended.</summary>
public enum CallOutcome
{
    /// <summary>The answer was delivered whole.</summary>
    Completed,

    /// <summary>An exception ended it.</summary>
    Failed,

    /// <summary>The caller's cancellation token ended it.</summary>
    Cancelled,

    /// <summary>The caller stopped reading a stream before its end.</summary>
    Abandoned,
}
