using LlmThrift.Internal;
using LlmThrift.Metering;

namespace Microsoft.Extensions.AI;

/// <summary>Adds the cost meter to a pipeline.</summary>
public static class CostMeterChatClientBuilderExtensions
{
    /// <summary>
    /// Adds a cost meter: outermost, it keeps a record of every call. Further in, below stages that answer or repeat calls, a second one bills each
    /// request to the provider to the record of the call that it belongs to.
    /// </summary>
    /// <param name="builder">The pipeline.</param>
    /// <param name="configure">Changes the options.</param>
    /// <returns><paramref name="builder"/>.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="builder"/> is null.</exception>
    public static ChatClientBuilder UseCostMeter(this ChatClientBuilder builder, Action<CostMeterOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(builder);
        var shared = new PerContainer<CallMeter>(services =>
        {
            var options = new CostMeterOptions();
            configure?.Invoke(options);
            var problems = new OptionsProblems();
            options.Validate(problems);
            problems.ThrowIfAny();
            return CallMeter.Create(options, new PipelineServices(services));
        });
        return builder.Use(
            (inner, services) =>
            {
                var meter = shared.For(services);
                PipelineOrder.CheckBeforeMeter(inner, meter.Logger);
                PipelineOrder.WarnAboutMissingPrice(inner, meter.Prices, meter.Clock, meter.Logger);
                return new CostMeterChatClient(inner, meter, opensRecords: true);
            }
        );
    }
}
