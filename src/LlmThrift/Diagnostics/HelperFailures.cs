using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using Microsoft.Extensions.Logging;

namespace LlmThrift.Diagnostics;

/// <summary>A failing helper never fails a call: it is logged now and then for each kind of failure, counted each time, and the call goes on.</summary>
internal sealed partial class HelperFailures(ILogger logger, Counter<long> counter, TimeProvider clock)
{
    private const int MaxKinds = 100;
    private static readonly TimeSpan Silence = TimeSpan.FromMinutes(10);

    private readonly ConcurrentDictionary<(string Helper, Type Exception), long> _logged = new();

    public void Report(string helper, Exception exception)
    {
        counter.Add(1, new KeyValuePair<string, object?>("llmthrift.helper", helper));
        if (!MayLog((helper, exception.GetType())))
        {
            return;
        }

        switch (exception)
        {
            case StoreException:
                LogProblem(logger, helper, exception.Message);
                break;
            case OperationCanceledException or TimeoutException:
                LogProblem(logger, helper, "It took longer than it may.");
                break;
            default:
                // The exception's type only: its message may quote what was stored.
                LogFailure(logger, helper, exception.GetType().FullName);
                break;
        }
    }

    private bool MayLog((string, Type) kind)
    {
        var now = clock.GetUtcNow().UtcTicks;
        if (!_logged.TryGetValue(kind, out var last))
        {
            return _logged.Count < MaxKinds && _logged.TryAdd(kind, now);
        }

        return now - last >= Silence.Ticks && _logged.TryUpdate(kind, now, last);
    }

    [LoggerMessage(
        1,
        LogLevel.Warning,
        "{Helper} failed with {ExceptionType}. For ten minutes further failures of this kind are counted in the metric llmthrift.helper.errors, not logged."
    )]
    private static partial void LogFailure(ILogger logger, string helper, string? exceptionType);

    [LoggerMessage(
        5,
        LogLevel.Warning,
        "{Helper} failed. {Problem} For ten minutes further failures of this kind are counted in the metric llmthrift.helper.errors, not logged."
    )]
    private static partial void LogProblem(ILogger logger, string helper, string problem);
}
