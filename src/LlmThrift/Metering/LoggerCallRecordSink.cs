using Microsoft.Extensions.Logging;

namespace LlmThrift.Metering;

/// <summary>Logs each call at level Debug: ids, counts and money, never a prompt or an answer.</summary>
internal sealed partial class LoggerCallRecordSink(ILogger logger) : ICallRecordSink
{
    public void Record(CallRecord record)
    {
        if (logger.IsEnabled(LogLevel.Debug))
        {
            LogCall(
                logger,
                record.RequestedModel,
                record.Outcome,
                record.ServedBy ?? Diagnostics.CostStages.Provider,
                record.BilledUsage.InputTokens,
                record.BilledUsage.OutputTokens,
                record.ActualCost,
                record.Saving,
                record.Tags.Tenant,
                record.Tags.Feature,
                record.Duration.TotalMilliseconds
            );
        }
    }

    [LoggerMessage(
        2,
        LogLevel.Debug,
        "Call to {Model} {Outcome}, served by {ServedBy}: {InputTokens} input and {OutputTokens} output tokens billed, {ActualCost} USD, {Saving} USD saved; tenant {Tenant}, feature {Feature}, {Milliseconds:F1} ms"
    )]
    private static partial void LogCall(
        ILogger logger,
        string? model,
        CallOutcome outcome,
        string servedBy,
        long inputTokens,
        long outputTokens,
        decimal? actualCost,
        decimal? saving,
        string? tenant,
        string? feature,
        double milliseconds
    );
}
