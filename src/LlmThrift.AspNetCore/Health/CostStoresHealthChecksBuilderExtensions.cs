using LlmThrift.AspNetCore.Health;
using LlmThrift.Budgets;
using LlmThrift.Metering;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Adds checks of the stores of costs.</summary>
public static class CostStoresHealthChecksBuilderExtensions
{
    /// <summary>
    /// Checks that the stores of call records and of budgets, where the app has them, can be read, and that records reach the store: degraded while they do not, and for five
    /// minutes after one was dropped. Calls go on in either case.
    /// </summary>
    /// <param name="builder">The checks.</param>
    /// <param name="name">The check's name. Default: "llmthrift_stores".</param>
    /// <param name="failureStatus">What a store that cannot be read is reported as. Default: unhealthy.</param>
    /// <param name="tags">Tags to choose checks by. Default: none.</param>
    /// <returns><paramref name="builder"/>.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="builder"/> is null.</exception>
    public static IHealthChecksBuilder AddCostStores(
        this IHealthChecksBuilder builder,
        string name = "llmthrift_stores",
        HealthStatus? failureStatus = null,
        IEnumerable<string>? tags = null
    )
    {
        ArgumentNullException.ThrowIfNull(builder);
        return builder.Add(
            new HealthCheckRegistration(
                name,
                services => new CostStoresHealthCheck(
                    services.GetService<TimeProvider>() ?? TimeProvider.System,
                    services.GetService<ICallRecordStore>(),
                    services.GetService<CallRecordStoreSink>(),
                    services.GetService<IBudgetLedger>()
                ),
                failureStatus,
                tags
            )
        );
    }
}
