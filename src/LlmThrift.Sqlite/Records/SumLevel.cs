namespace LlmThrift.Sqlite.Records;

/// <summary>The spans of time that sums are kept for. Numbers as in the file.</summary>
internal enum SumLevel
{
    /// <summary>By the minute, for two days.</summary>
    Minute = 0,

    Hour = 1,

    /// <summary>What a long span is added up from.</summary>
    Day = 2,

    /// <summary>By the hour over all names, for the points of what is not filtered.</summary>
    WholeHour = 3,
}
