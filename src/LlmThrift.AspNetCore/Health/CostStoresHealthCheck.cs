using LlmThrift.Budgets;
using LlmThrift.Metering;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace LlmThrift.AspNetCore.Health;

/// <summary>Unhealthy when a store cannot be read, degraded when records do not get through.</summary>
internal sealed class CostStoresHealthCheck(TimeProvider clock, ICallRecordStore? records, CallRecordStoreSink? sink, IBudgetLedger? ledger)
    : IHealthCheck
{
    /// <summary>How long a dropped record counts.</summary>
    private static readonly TimeSpan Recent = TimeSpan.FromMinutes(5);

    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(context);
        var now = clock.GetUtcNow();
        try
        {
            if (records is not null)
            {
                var lastMinute = new CostHistoryQuery { From = now.AddMinutes(-1), To = now };
                await records.QueryAsync(lastMinute with { Interval = TimeSpan.FromMinutes(1) }, cancellationToken).ConfigureAwait(false);
            }

            if (ledger is not null)
            {
                // A name that no budget has: nothing is read but the way there is gone.
                await ledger.GetAccountsAsync("llmthrift-health", now, 1, cancellationToken).ConfigureAwait(false);
            }
        }
        catch (Exception exception) when (exception is not OperationCanceledException || !cancellationToken.IsCancellationRequested)
        {
            return new HealthCheckResult(context.Registration.FailureStatus, "A store of costs cannot be read.", exception);
        }

        if (sink?.GetStatistics() is not { } statistics)
        {
            return HealthCheckResult.Healthy();
        }

        var data = new Dictionary<string, object>
        {
            ["written"] = statistics.Written,
            ["waiting"] = statistics.Waiting,
            ["dropped"] = statistics.Dropped,
        };
        if (statistics.FailingSince is { } since)
        {
            return HealthCheckResult.Degraded($"The store of call records takes none since {since:u}.", data: data);
        }

        return now - statistics.LastDroppedAt < Recent
            ? HealthCheckResult.Degraded("Call records were dropped in the last minutes.", data: data)
            : HealthCheckResult.Healthy(data: data);
    }
}
