using LlmThrift.Budgets;
using LlmThrift.Internal;
using LlmThrift.Metering;

namespace Microsoft.Extensions.AI;

/// <summary>Adds budgets to a pipeline.</summary>
public static class BudgetChatClientBuilderExtensions
{
    /// <summary>
    /// Adds budgets: before a call, the most that it can cost is reserved; afterwards it is settled to what it did cost. Call it after the caches, so that what they answer is free,
    /// and before <c>UseModelRouting()</c>, whose dearest model it then reckons with. It brings a cost meter where there is none.
    /// </summary>
    /// <param name="builder">The pipeline.</param>
    /// <param name="configure">Adds the budgets: <c>o => o.Add("tenant-day", 5m, BudgetWindow.Day, BudgetScope.Tenant)</c>.</param>
    /// <returns><paramref name="builder"/>.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="builder"/> or <paramref name="configure"/> is null.</exception>
    public static ChatClientBuilder UseBudgets(this ChatClientBuilder builder, Action<BudgetOptions> configure)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentNullException.ThrowIfNull(configure);
        var shared = new PerContainer<Shared>(services =>
        {
            var options = new BudgetOptions();
            configure(options);
            var pipeline = new PipelineServices(services);
            var state = new BudgetState(options, pipeline);
            var metering = new CostMeterOptions();
            (metering.Prices, metering.TokenCounter) = (options.Prices ?? metering.Prices, options.TokenCounter ?? metering.TokenCounter);
            return new Shared(state, CallMeter.Create(metering, pipeline));
        });
        return builder.Use(
            (inner, services) =>
            {
                var (state, meter) = shared.For(services);
                PipelineOrder.CheckBeforeBudgets(inner, state.Logger);
#pragma warning disable CA2000 // The pipeline disposes them.
                var billed = PipelineStage.IsIn(inner, PipelineStage.Meter)
                    ? inner
                    : new CostMeterChatClient(inner, meter, opensRecords: false);
                return new CostMeterChatClient(new BudgetChatClient(billed, state), meter, opensRecords: true);
#pragma warning restore CA2000
            }
        );
    }

    private sealed record Shared(BudgetState State, CallMeter Meter);
}
