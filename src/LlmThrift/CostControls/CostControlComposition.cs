using LlmThrift.ExactCache;
using LlmThrift.Internal;
using LlmThrift.Metering;
using LlmThrift.OutputLimits;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging;

namespace LlmThrift.CostControls;

/// <summary>Puts the stages together, outermost last.</summary>
internal static class CostControlComposition
{
    public static IChatClient Compose(
        IChatClient inner,
        IServiceProvider? services,
        ILoggerFactory? loggers,
        Action<CostControlOptions>? configure
    )
    {
        var shared = new PipelineServices(services, loggers);
        var options = new CostControlOptions();
        foreach (var defaults in shared.FindAll<CostControlDefaults>())
        {
            defaults.Configure(options);
        }

        configure?.Invoke(options);
        var problems = new OptionsProblems();
        options.ExactCache.Validate(problems);
        options.OutputLimits.Validate(problems);
        options.Metering.Validate(problems);
        problems.ThrowIfAny();

        PipelineOrder.CheckBeforeCostControls(inner, shared.Logger);
        PipelineOrder.WarnAboutMissingPrice(inner, options.Metering.Prices, shared.Clock, shared.Logger);

        var meter = CallMeter.Create(options.Metering, shared);
        IChatClient client = new CostMeterChatClient(inner, meter, opensRecords: false);
        client = new OutputLimitChatClient(client, options.OutputLimits);
        if (options.UseExactCache)
        {
            client = ExactCacheChatClient.Create(client, options.ExactCache, shared, options.Metering.TokenCounter);
        }

        return new CostMeterChatClient(client, meter, opensRecords: true);
    }

    public static Action<CostControlOptions> From(IConfiguration configuration) =>
        options =>
        {
            var problems = new OptionsProblems();
            CostControlConfiguration.Apply(configuration, options, problems);
            problems.ThrowIfAny();
        };
}
