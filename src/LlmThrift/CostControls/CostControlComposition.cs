using LlmThrift.Budgets;
using LlmThrift.ContextTrimming;
using LlmThrift.ExactCache;
using LlmThrift.Internal;
using LlmThrift.Metering;
using LlmThrift.OutputLimits;
using LlmThrift.PrefixCaching;
using LlmThrift.Resilience;
using LlmThrift.Routing;
using LlmThrift.SemanticCache;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.Configuration;

namespace LlmThrift.CostControls;

/// <summary>What the pipelines of one registration share, and how a client is put into them: outermost last.</summary>
internal sealed class CostControlComposition
{
    private readonly CallMeter _meter;
    private readonly OutputLimitState _outputLimits;
    private readonly ContextTrimmer? _trimmer;
    private readonly ExactCacheState? _exactCache;
    private readonly SemanticCacheState? _semanticCache;
    private readonly PrefixCachingState? _prefixCaching;
    private readonly BudgetState? _budgets;
    private readonly RoutingState? _routing;
    private readonly ResilienceState? _resilience;

    public CostControlComposition(PipelineServices services, Action<CostControlOptions>? configure)
    {
        var options = new CostControlOptions();
        foreach (var defaults in services.FindAll<CostControlDefaults>())
        {
            defaults.Configure(options);
        }

        configure?.Invoke(options);
        var problems = new OptionsProblems();
        options.ExactCache.Validate(problems);
        options.SemanticCache.Validate(problems);
        options.ContextTrimming.Validate(problems);
        options.OutputLimits.Validate(problems);
        options.PrefixCaching.Validate(problems);
        options.Budgets.Validate(problems);
        if (options.Routing.HasTiers())
        {
            options.Routing.Validate(problems);
        }

        options.Resilience.Validate(problems);
        options.Metering.Validate(problems);
        problems.ThrowIfAny();

        _meter = CallMeter.Create(options.Metering, services);
        _outputLimits = new OutputLimitState(options.OutputLimits, services, options.Metering.TokenCounter);
        if (options.UseContextTrimming)
        {
            options.ContextTrimming.Prices ??= options.Metering.Prices;
            options.ContextTrimming.TokenCounter ??= options.Metering.TokenCounter;
            _trimmer = new ContextTrimmer(options.ContextTrimming, services);
        }

        _prefixCaching = options.UsePrefixCaching ? new PrefixCachingState(options.PrefixCaching, services) : null;
        if (options.Routing.HasTiers())
        {
            options.Routing.Prices ??= options.Metering.Prices;
            options.Routing.TokenCounter ??= options.Metering.TokenCounter;
            _routing = new RoutingState(options.Routing, services);
        }

        if (options.Budgets.Limits.Count > 0)
        {
            options.Budgets.Prices ??= options.Metering.Prices;
            options.Budgets.TokenCounter ??= options.Metering.TokenCounter;
            _budgets = new BudgetState(options.Budgets, services);
            _meter.LateBills = _budgets;
        }

        _resilience = options.UseResilience ? new ResilienceState(options.Resilience, services) : null;
        if (options.UseSemanticCache)
        {
            // Who may not share exact answers must not share similar ones either.
            options.SemanticCache.MaxTemperature ??= options.ExactCache.MaxTemperature;
            options.SemanticCache.Partition ??= options.ExactCache.Partition;
            options.SemanticCache.IgnoredProperties.UnionWith(options.ExactCache.IgnoredProperties);
            _semanticCache = new SemanticCacheState(options.SemanticCache, services, options.Metering.TokenCounter);
        }

        _exactCache = options.UseExactCache ? new ExactCacheState(options.ExactCache, services, options.Metering.TokenCounter) : null;
    }

    public IChatClient Around(IChatClient inner)
    {
        PipelineOrder.CheckBeforeCostControls(inner, _meter.Logger);
        PipelineOrder.WarnAboutMissingPrice(inner, _meter.Prices, _meter.Clock, _meter.Logger);

        var client = AroundProvider("", inner);
        if (_routing is not null)
        {
            client = new ModelRoutingChatClient(client, _routing, (tier, own) => AroundProvider(tier.Name, own));
        }

        if (_budgets is not null)
        {
            client = new BudgetChatClient(client, _budgets);
        }

        client = new OutputLimitChatClient(client, _outputLimits);
        if (_trimmer is not null)
        {
            client = new ContextTrimmingChatClient(client, _trimmer);
        }

        if (_semanticCache is not null)
        {
            client = new SemanticCacheChatClient(client, _semanticCache);
        }

        if (_exactCache is not null)
        {
            client = new ExactCacheChatClient(client, _exactCache);
        }

        return new CostMeterChatClient(client, _meter, opensRecords: true);
    }

    /// <summary>What lies around each provider: the pipeline's own, which has no name, and those of tiers.</summary>
    private IChatClient AroundProvider(string tier, IChatClient provider)
    {
        IChatClient client = new CostMeterChatClient(provider, _meter, opensRecords: false);
        if (_resilience is not null)
        {
            client = new ResilienceChatClient(client, _resilience, tier);
        }

        return _prefixCaching is null ? client : new PrefixCachingChatClient(client, _prefixCaching);
    }

    public static Action<CostControlOptions> From(IConfiguration configuration) =>
        options =>
        {
            var problems = new OptionsProblems();
            CostControlConfiguration.Apply(configuration, options, problems);
            problems.ThrowIfAny();
        };
}
