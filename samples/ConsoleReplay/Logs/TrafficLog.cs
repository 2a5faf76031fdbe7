using ConsoleReplay.Recorded;
using ConsoleReplay.Traffic;

namespace ConsoleReplay.Logs;

/// <summary>What a log file holds: the good lines, and what is wrong with the others.</summary>
internal sealed record TrafficLog
{
    public required IReadOnlyList<LoggedCall> Calls { get; init; }

    public required IReadOnlyList<LogProblem> Problems { get; init; }
}

/// <summary>A call of a log, with the answer that was recorded, if any.</summary>
internal sealed record LoggedCall(int Line, ReplayCall Call, RecordedAnswer? Answer);
