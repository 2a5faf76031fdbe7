namespace LlmThrift.Evaluation.Index;

/// <summary>What was measured at one number of entries.</summary>
internal sealed record IndexFigures(
    int Entries,
    double MedianMicroseconds1,
    double P99Microseconds1,
    double MedianMicroseconds10,
    double P99Microseconds10,
    double Recall1,
    double Recall1OfTen,
    double Recall10,
    double Recall1Near,
    int Near,
    double GreatestError,
    double BytesAnEntry,
    double BytesAnEntryByIndex,
    double InsertsPerSecond,
    double InsertsPerSecondServing,
    double LongestInsertMilliseconds,
    double MedianMicrosecondsServing,
    double P99MicrosecondsServing,
    double RemovalsPerSecond
);
