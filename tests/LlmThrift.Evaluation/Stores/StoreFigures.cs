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

    /// <summary>Of reserving and settling every two milliseconds or so, while nothing else is written.</summary>
    public double MedianMicrosecondsNowAndThen { get; init; }

    public double P99MicrosecondsNowAndThen { get; init; }

    /// <summary>Likewise, while 5,000 records a second are written.</summary>
    public double MedianMicrosecondsWhileRecordingAtPace { get; init; }

    public double P99MicrosecondsWhileRecordingAtPace { get; init; }

    /// <summary>Likewise, while records are written as fast as they can be.</summary>
    public double MedianMicrosecondsWhileRecording { get; init; }

    public double P99MicrosecondsWhileRecording { get; init; }

    public long Records { get; init; }

    public double MonthMedian { get; init; }

    public double MonthOfOneTenantMedian { get; init; }

    public double MonthOfOneModelMedian { get; init; }

    public double DearestMedian { get; init; }

    public double CacheGetMedianMicroseconds { get; init; }

    public double CacheSetMedianMicroseconds { get; init; }

    /// <summary>Until another instance has a semantic entry, from the beginning of its writing; 0 where instances do not tell each other.</summary>
    public double EntryToldMedian { get; init; }

    public double EntryToldMax { get; init; }

    public double RemovalToldMedian { get; init; }

    public double RemovalToldMax { get; init; }
}
