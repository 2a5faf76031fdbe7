namespace LlmThrift.Evaluation.Stores;

/// <summary>What was measured of a store. Times in milliseconds unless their name says otherwise.</summary>
internal sealed record StoreFigures
{
    public required string Store { get; init; }

    public double ReserveAndSettleMedianMicroseconds { get; init; }

    public double ReserveAndSettleP99Microseconds { get; init; }

    /// <summary>With three budgets to each call.</summary>
    public double ThreeBudgetsMedianMicroseconds { get; init; }

    public double PairsPerSecondOfOne { get; init; }

    public double PairsPerSecondOfMany { get; init; }

    public double RecordsPerSecond { get; init; }

    /// <summary>Of reserving and settling while records are written as fast as they can be.</summary>
    public double MedianMicrosecondsWhileRecording { get; init; }

    public double P99MicrosecondsWhileRecording { get; init; }

    public long Records { get; init; }

    public double MonthMedian { get; init; }

    public double MonthOfOneTenantMedian { get; init; }

    public double MonthOfOneModelMedian { get; init; }

    public double DearestMedian { get; init; }

    public double CacheGetMedianMicroseconds { get; init; }

    public double CacheSetMedianMicroseconds { get; init; }
}
