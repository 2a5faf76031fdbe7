using System.Globalization;

namespace ConsoleReplay.Logs;

/// <summary>What is wrong with a line of a log and how to mend it. Never quotes the line.</summary>
internal sealed record LogProblem(string File, int Line, string Message)
{
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{File}:{Line}: {Message}");
}
