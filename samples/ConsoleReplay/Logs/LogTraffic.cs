using ConsoleReplay.Reporting;
using ConsoleReplay.Traffic;

namespace ConsoleReplay.Logs;

/// <summary>Makes traffic out of a log.</summary>
internal static class LogTraffic
{
    /// <param name="log">The log.</param>
    /// <param name="name">Its name.</param>
    /// <param name="assumedOutputTokens">Output tokens of answers that the log does not hold; null when a real service answers.</param>
    public static ReplayTraffic Build(TrafficLog log, string name, int? assumedOutputTokens)
    {
        var traffic = new ReplayTraffic
        {
            Title = name,
            Calls = [.. log.Calls.Select(logged => logged.Call)],
            CreateAnswers = () => new LogAnswers(log.Calls, assumedOutputTokens ?? 0),
        };
        var notes = new List<string>
        {
            $"Traffic: your log, in its order, as fast as answers come; {Format.Share(traffic.RepeatShare)} of its calls repeat an earlier one exactly.",
        };
        if (assumedOutputTokens is { } assumed && log.Calls.Count(logged => logged.Answer is null) is > 0 and var unanswered)
        {
            notes.Add(
                $"{Format.Count(unanswered)} of {Format.Count(log.Calls.Count)} lines hold no answer and no usage: {Format.Count(assumed)} output tokens are assumed "
                    + "for each, or the call's limit if that is lower (--assume-output)."
            );
        }

        return traffic with
        {
            Notes = notes,
        };
    }
}
