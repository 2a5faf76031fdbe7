using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using Microsoft.Extensions.Logging;

namespace LlmThrift.Diagnostics;

/// <summary>A failing helper never fails a call: it is logged once for each kind of failure, counted each time, and the call goes on.</summary>
internal sealed partial class HelperFailures(ILogger logger, Counter<long> counter)
{
    private const int MaxKinds = 100;

    private readonly ConcurrentDictionary<(string Helper, Type Exception), bool> _logged = new();

    public void Report(string helper, Exception exception)
    {
        counter.Add(1, new KeyValuePair<string, object?>("llmthrift.helper", helper));
        if (_logged.Count < MaxKinds && _logged.TryAdd((helper, exception.GetType()), true))
        {
            // The exception's type only: its message may quote what was stored.
            LogFailure(logger, helper, exception.GetType().FullName);
        }
    }

    [LoggerMessage(
        1,
        LogLevel.Warning,
        "{Helper} failed with {ExceptionType}. Calls go on without it; further failures of this kind are counted in the metric llmthrift.helper.errors, not logged."
    )]
    private static partial void LogFailure(ILogger logger, string helper, string? exceptionType);
}
