using LlmThrift.Budgets;
using LlmThrift.Internal;
using LlmThrift.OutputLimits;
using LlmThrift.Pricing;
using LlmThrift.SemanticCache;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.Configuration;
using static LlmThrift.CostControls.ConfigurationValues;

namespace LlmThrift.CostControls;

/// <summary>
/// Reads options from configuration by name. By hand, not by the binder: a misspelt name is an error, and every problem is reported at once.
/// </summary>
internal static class CostControlConfiguration
{
    private const string Efforts = "None, Low, Medium, High or ExtraHigh";

    private delegate void Setter(CostControlOptions options, IConfigurationSection section, OptionsProblems problems);

    private static readonly Dictionary<string, Setter> Settings = new(StringComparer.OrdinalIgnoreCase)
    {
        ["UseExactCache"] = (o, s, p) => Read<bool>(s, p, "true or false", bool.TryParse, value => o.UseExactCache = value),
        ["ExactCache:Expiration"] = (o, s, p) =>
            Read<TimeSpan>(
                s,
                p,
                "a time such as 01:00:00 (an hour) or 1.00:00:00 (a day)",
                TryParseTime,
                value => o.ExactCache.Expiration = value
            ),
        ["ExactCache:StoreTimeout"] = (o, s, p) =>
            Read<TimeSpan>(s, p, "a time such as 00:00:01 (a second)", TryParseTime, value => o.ExactCache.StoreTimeout = value),
        ["ExactCache:MaxEntries"] = (o, s, p) => Read<int>(s, p, "a whole number", TryParse, value => o.ExactCache.MaxEntries = value),
        ["ExactCache:MaxBytes"] = (o, s, p) => Read<long>(s, p, "a number of bytes", TryParse, value => o.ExactCache.MaxBytes = value),
        ["ExactCache:MaxTemperature"] = (o, s, p) =>
            Read<float>(s, p, "a number such as 0.7", TryParse, value => o.ExactCache.MaxTemperature = value),
        ["ExactCache:IgnoredProperties"] = (o, s, _) =>
            o.ExactCache.IgnoredProperties.UnionWith(s.GetChildren().Select(child => child.Value).OfType<string>()),
        ["UseSemanticCache"] = (o, s, p) => Read<bool>(s, p, "true or false", bool.TryParse, value => o.UseSemanticCache = value),
        ["SemanticCache:Mode"] = (o, s, p) =>
            Read<SemanticCacheMode>(s, p, "Default, Shadow, ReadOnly or Bypass", TryParseName, value => o.SemanticCache.Mode = value),
        ["SemanticCache:MaxErrorRate"] = (o, s, p) =>
            Read<double>(s, p, "a number such as 0.01", TryParse, value => o.SemanticCache.MaxErrorRate = value),
        ["SemanticCache:Expiration"] = (o, s, p) =>
            Read<TimeSpan>(
                s,
                p,
                "a time such as 01:00:00 (an hour) or 1.00:00:00 (a day)",
                TryParseTime,
                value => o.SemanticCache.Expiration = value
            ),
        ["SemanticCache:EmbeddingTimeout"] = (o, s, p) =>
            Read<TimeSpan>(
                s,
                p,
                "a time such as 00:00:00.0500000 (50 milliseconds)",
                TryParseTime,
                value => o.SemanticCache.EmbeddingTimeout = value
            ),
        ["SemanticCache:StoreTimeout"] = (o, s, p) =>
            Read<TimeSpan>(s, p, "a time such as 00:00:01 (a second)", TryParseTime, value => o.SemanticCache.StoreTimeout = value),
        ["SemanticCache:MaxEntries"] = (o, s, p) =>
            Read<int>(s, p, "a whole number", TryParse, value => o.SemanticCache.MaxEntries = value),
        ["SemanticCache:MaxBytes"] = (o, s, p) =>
            Read<long>(s, p, "a number of bytes", TryParse, value => o.SemanticCache.MaxBytes = value),
        ["SemanticCache:MaxQuestionLength"] = (o, s, p) =>
            Read<int>(s, p, "a whole number of characters", TryParse, value => o.SemanticCache.MaxQuestionLength = value),
        ["SemanticCache:EarlierTurns"] = (o, s, p) =>
            Read<EarlierTurns>(s, p, "PassBy or MustBeEqual", TryParseName, value => o.SemanticCache.EarlierTurns = value),
        ["SemanticCache:MaxTemperature"] = (o, s, p) =>
            Read<float>(s, p, "a number such as 0.7", TryParse, value => o.SemanticCache.MaxTemperature = value),
        ["SemanticCache:IgnoredProperties"] = (o, s, _) =>
            o.SemanticCache.IgnoredProperties.UnionWith(s.GetChildren().Select(child => child.Value).OfType<string>()),
        ["UseContextTrimming"] = (o, s, p) => Read<bool>(s, p, "true or false", bool.TryParse, value => o.UseContextTrimming = value),
        ["ContextTrimming:MaxTokens"] = (o, s, p) =>
            Read<int>(s, p, "a whole number of tokens", TryParse, value => o.ContextTrimming.MaxTokens = value),
        ["ContextTrimming:MaxContextShare"] = (o, s, p) =>
            Read<double>(s, p, "a number such as 0.8", TryParse, value => o.ContextTrimming.MaxContextShare = value),
        ["ContextTrimming:TargetShare"] = (o, s, p) =>
            Read<double>(s, p, "a number such as 0.7", TryParse, value => o.ContextTrimming.TargetShare = value),
        ["ContextTrimming:RecentMessages"] = (o, s, p) =>
            Read<int>(s, p, "a whole number of messages", TryParse, value => o.ContextTrimming.RecentMessages = value),
        ["ContextTrimming:ShortenAbove"] = (o, s, p) =>
            Read<int>(s, p, "a whole number of tokens", TryParse, value => o.ContextTrimming.ShortenAbove = value),
        ["ContextTrimming:IsPrefixAware"] = (o, s, p) =>
            Read<bool>(s, p, "true or false", bool.TryParse, value => o.ContextTrimming.IsPrefixAware = value),
        ["ContextTrimming:ExpectedFurtherCalls"] = (o, s, p) =>
            Read<int>(s, p, "a whole number of calls", TryParse, value => o.ContextTrimming.ExpectedFurtherCalls = value),
        ["ContextTrimming:PrefixLifetime"] = (o, s, p) =>
            Read<TimeSpan>(s, p, "a time such as 00:05:00", TryParseTime, value => o.ContextTrimming.PrefixLifetime = value),
        ["ContextTrimming:UseEmbeddings"] = (o, s, p) =>
            Read<bool>(s, p, "true or false", bool.TryParse, value => o.ContextTrimming.UseEmbeddings = value),
        ["ContextTrimming:EmbeddingTimeout"] = (o, s, p) =>
            Read<TimeSpan>(s, p, "a time such as 00:00:00.250", TryParseTime, value => o.ContextTrimming.EmbeddingTimeout = value),
        ["ContextTrimming:MaxRememberedMessages"] = (o, s, p) =>
            Read<int>(s, p, "a whole number of messages", TryParse, value => o.ContextTrimming.MaxRememberedMessages = value),
        ["ContextTrimming:Summary:ClientKey"] = (o, s, _) => o.ContextTrimming.Summary.ClientKey = s.Value,
        ["ContextTrimming:Summary:ModelId"] = (o, s, _) => o.ContextTrimming.Summary.ModelId = s.Value,
        ["ContextTrimming:Summary:Instructions"] = (o, s, _) => o.ContextTrimming.Summary.Instructions = s.Value ?? "",
        ["ContextTrimming:Summary:MaxTokens"] = (o, s, p) =>
            Read<int>(s, p, "a whole number of tokens", TryParse, value => o.ContextTrimming.Summary.MaxTokens = value),
        ["ContextTrimming:Summary:Timeout"] = (o, s, p) =>
            Read<TimeSpan>(s, p, "a time such as 00:00:05", TryParseTime, value => o.ContextTrimming.Summary.Timeout = value),
        ["OutputLimits:MaxOutputTokens"] = (o, s, p) =>
            Read<int>(s, p, "a whole number of tokens", TryParse, value => o.OutputLimits.MaxOutputTokens = value),
        ["OutputLimits:Features"] = ReadFeatures,
        ["OutputLimits:LearnCaps"] = (o, s, p) =>
            Read<bool>(s, p, "true or false", bool.TryParse, value => o.OutputLimits.LearnCaps = value),
        ["OutputLimits:LearnedCaps:Quantile"] = (o, s, p) =>
            Read<double>(s, p, "a number such as 0.995", TryParse, value => o.OutputLimits.LearnedCaps.Quantile = value),
        ["OutputLimits:LearnedCaps:Margin"] = (o, s, p) =>
            Read<double>(s, p, "a number such as 1.25", TryParse, value => o.OutputLimits.LearnedCaps.Margin = value),
        ["OutputLimits:LearnedCaps:Floor"] = (o, s, p) =>
            Read<int>(s, p, "a whole number of tokens", TryParse, value => o.OutputLimits.LearnedCaps.Floor = value),
        ["OutputLimits:LearnedCaps:MinSamples"] = (o, s, p) =>
            Read<int>(s, p, "a whole number", TryParse, value => o.OutputLimits.LearnedCaps.MinSamples = value),
        ["OutputLimits:LearnedCaps:HalfLife"] = (o, s, p) =>
            Read<TimeSpan>(s, p, "a time such as 7.00:00:00 (a week)", TryParseTime, value => o.OutputLimits.LearnedCaps.HalfLife = value),
        ["OutputLimits:LearnedCaps:MaxShareCut"] = (o, s, p) =>
            Read<double>(s, p, "a number such as 0.005", TryParse, value => o.OutputLimits.LearnedCaps.MaxShareCut = value),
        ["OutputLimits:BrevityInstruction"] = (o, s, _) => o.OutputLimits.BrevityInstruction = s.Value,
        ["OutputLimits:ReasoningEffort"] = (o, s, p) =>
            Read<ReasoningEffort>(s, p, Efforts, TryParseName, value => o.OutputLimits.ReasoningEffort = value),
        ["OutputLimits:StopSequences"] = (o, s, _) => ReadTexts(s, o.OutputLimits.StopSequences),
        ["OutputLimits:RetryEmptyAnswers"] = (o, s, p) =>
            Read<bool>(s, p, "true or false", bool.TryParse, value => o.OutputLimits.RetryEmptyAnswers = value),
        ["OutputLimits:ContinueCutAnswers"] = (o, s, p) =>
            Read<bool>(s, p, "true or false", bool.TryParse, value => o.OutputLimits.ContinueCutAnswers = value),
        ["OutputLimits:MaxContinuations"] = (o, s, p) =>
            Read<int>(s, p, "a whole number from 1 to 3", TryParse, value => o.OutputLimits.MaxContinuations = value),
        ["OutputLimits:ContinueInstruction"] = (o, s, _) => o.OutputLimits.ContinueInstruction = s.Value ?? "",
        ["UsePrefixCaching"] = (o, s, p) => Read<bool>(s, p, "true or false", bool.TryParse, value => o.UsePrefixCaching = value),
        ["PrefixCaching:SortTools"] = (o, s, p) =>
            Read<bool>(s, p, "true or false", bool.TryParse, value => o.PrefixCaching.SortTools = value),
        ["PrefixCaching:MaxBreakpoints"] = (o, s, p) =>
            Read<int>(s, p, "a whole number", TryParse, value => o.PrefixCaching.MaxBreakpoints = value),
        ["PrefixCaching:MinPrefixTokens"] = (o, s, p) =>
            Read<int>(s, p, "a whole number of tokens", TryParse, value => o.PrefixCaching.MinPrefixTokens = value),
        ["PrefixCaching:Lifetime"] = (o, s, p) =>
            Read<TimeSpan>(s, p, "a time such as 00:05:00 (5 minutes)", TryParseTime, value => o.PrefixCaching.Lifetime = value),
        ["Budgets:Limits"] = (o, s, p) => BudgetConfiguration.ReadLimits(o.Budgets, s, p),
        ["Budgets:WhenExceeded"] = (o, s, p) => BudgetConfiguration.ReadFallbacks(o.Budgets, s, p),
        ["Budgets:MinOutputTokens"] = (o, s, p) =>
            Read<int>(s, p, "a whole number of tokens", TryParse, value => o.Budgets.MinOutputTokens = value),
        ["Budgets:DefaultMaxOutputTokens"] = (o, s, p) =>
            Read<int>(s, p, "a whole number of tokens", TryParse, value => o.Budgets.DefaultMaxOutputTokens = value),
        ["Budgets:EstimateMargin"] = (o, s, p) =>
            Read<double>(s, p, "a share such as 0.1", TryParse, value => o.Budgets.EstimateMargin = value),
        ["Budgets:CacheOnlyAnswer"] = (o, s, _) => o.Budgets.CacheOnlyAnswer = s.Value,
        ["Budgets:MaxQueueTime"] = (o, s, p) =>
            Read<TimeSpan>(s, p, "a time such as 00:00:30", TryParseTime, value => o.Budgets.MaxQueueTime = value),
        ["Budgets:MaxQueued"] = (o, s, p) => Read<int>(s, p, "a whole number of calls", TryParse, value => o.Budgets.MaxQueued = value),
        ["Budgets:UnknownPrice"] = (o, s, p) =>
            Read<UnknownPriceHandling>(s, p, "AllowAndCount or Refuse", TryParseName, value => o.Budgets.UnknownPrice = value),
        ["Budgets:WhenLedgerFails"] = (o, s, p) =>
            Read<LedgerFailureHandling>(s, p, "Allow or Refuse", TryParseName, value => o.Budgets.WhenLedgerFails = value),
        ["Budgets:LedgerTimeout"] = (o, s, p) =>
            Read<TimeSpan>(s, p, "a time such as 00:00:01", TryParseTime, value => o.Budgets.LedgerTimeout = value),
        ["Budgets:Lease"] = (o, s, p) =>
            Read<TimeSpan>(s, p, "a time such as 00:02:00 (2 minutes)", TryParseTime, value => o.Budgets.Lease = value),
        ["Routing:Tiers"] = (o, s, p) => RoutingConfiguration.ReadTiers(o.Routing, s, p),
        ["Routing:Rules"] = (o, s, p) => RoutingConfiguration.ReadRules(o.Routing, s, p),
        ["Routing:DefaultTier"] = (o, s, _) => o.Routing.DefaultTier = s.Value,
        ["Routing:Policy"] = (o, s, p) => RoutingConfiguration.ReadPolicy(o.Routing, s, p),
        ["Routing:Target"] = (o, s, p) => RoutingConfiguration.ReadTarget(o.Routing, s, p),
        ["Routing:EmbeddingTimeout"] = (o, s, p) =>
            Read<TimeSpan>(s, p, "a time such as 00:00:00.050", TryParseTime, value => o.Routing.EmbeddingTimeout = value),
        ["Routing:Exploration:Share"] = (o, s, p) =>
            Read<double>(s, p, "a share such as 0.01", TryParse, value => o.Routing.Exploration.Share = value),
        ["Routing:Exploration:MaxCostPerDay"] = (o, s, p) =>
            Read<decimal>(s, p, "an amount of USD", TryParse, value => o.Routing.Exploration.MaxCostPerDay = value),
        ["Routing:IsSticky"] = (o, s, p) => Read<bool>(s, p, "true or false", bool.TryParse, value => o.Routing.IsSticky = value),
        ["Routing:StickyFor"] = (o, s, p) =>
            Read<TimeSpan>(s, p, "a time such as 00:05:00 (5 minutes)", TryParseTime, value => o.Routing.StickyFor = value),
        ["Routing:Cascade:MaxEscalations"] = (o, s, p) =>
            Read<int>(s, p, "a whole number", TryParse, value => o.Routing.Cascade.MaxEscalations = value),
        ["Routing:Cascade:MaxBufferedCharacters"] = (o, s, p) =>
            Read<int>(s, p, "a whole number of characters", TryParse, value => o.Routing.Cascade.MaxBufferedCharacters = value),
        ["UseResilience"] = (o, s, p) => Read<bool>(s, p, "true or false", bool.TryParse, value => o.UseResilience = value),
        ["Resilience:Timeout"] = (o, s, p) =>
            Read<TimeSpan>(s, p, "a time such as 00:01:40 (100 seconds)", TryParseTime, value => o.Resilience.Timeout = value),
        ["Resilience:MaxRetries"] = (o, s, p) => Read<int>(s, p, "a whole number", TryParse, value => o.Resilience.MaxRetries = value),
        ["Resilience:BaseDelay"] = (o, s, p) =>
            Read<TimeSpan>(s, p, "a time such as 00:00:01 (a second)", TryParseTime, value => o.Resilience.BaseDelay = value),
        ["Resilience:MaxRetryDelay"] = (o, s, p) =>
            Read<TimeSpan>(s, p, "a time such as 00:00:30", TryParseTime, value => o.Resilience.MaxRetryDelay = value),
        ["Resilience:BreakerFailureRatio"] = (o, s, p) =>
            Read<double>(s, p, "a number such as 0.5", TryParse, value => o.Resilience.BreakerFailureRatio = value),
        ["Resilience:BreakerMinimumThroughput"] = (o, s, p) =>
            Read<int>(s, p, "a whole number of attempts", TryParse, value => o.Resilience.BreakerMinimumThroughput = value),
        ["Resilience:BreakerSamplingDuration"] = (o, s, p) =>
            Read<TimeSpan>(s, p, "a time such as 00:00:30", TryParseTime, value => o.Resilience.BreakerSamplingDuration = value),
        ["Resilience:BreakDuration"] = (o, s, p) =>
            Read<TimeSpan>(s, p, "a time such as 00:00:30", TryParseTime, value => o.Resilience.BreakDuration = value),
        ["Resilience:HedgeAfterPercentile"] = (o, s, p) =>
            Read<double>(s, p, "a number such as 0.95", TryParse, value => o.Resilience.HedgeAfterPercentile = value),
        ["Resilience:MinHedgeDelay"] = (o, s, p) =>
            Read<TimeSpan>(
                s,
                p,
                "a time such as 00:00:00.2500000 (250 milliseconds)",
                TryParseTime,
                value => o.Resilience.MinHedgeDelay = value
            ),
        ["Resilience:MaxHedges"] = (o, s, p) => Read<int>(s, p, "a whole number", TryParse, value => o.Resilience.MaxHedges = value),
        ["Prices"] = ReadPrices,
    };

    public static void Apply(IConfiguration configuration, CostControlOptions options, OptionsProblems problems)
    {
        foreach (var section in configuration.GetChildren())
        {
            Apply(section.Key, section, options, problems);
        }
    }

    private static void Apply(string path, IConfigurationSection section, CostControlOptions options, OptionsProblems problems)
    {
        if (Settings.TryGetValue(path, out var set))
        {
            set(options, section, problems);
            return;
        }

        if (Settings.Keys.Any(key => key.StartsWith(path + ":", StringComparison.OrdinalIgnoreCase)))
        {
            foreach (var child in section.GetChildren())
            {
                Apply($"{path}:{child.Key}", child, options, problems);
            }

            return;
        }

        problems.Add($"{section.Path} is not an option. There are: {string.Join(", ", Settings.Keys)}.");
    }

    /// <summary>A feature's limits: a number, which is its cap, or a section.</summary>
    private static void ReadFeatures(CostControlOptions options, IConfigurationSection section, OptionsProblems problems)
    {
        foreach (var feature in section.GetChildren())
        {
            var limits = new FeatureOutputLimits();
            options.OutputLimits.Features[feature.Key] = limits;
            if (feature.Value is not null || !feature.GetChildren().Any())
            {
                Read<int>(feature, problems, "a whole number of tokens", TryParse, value => limits.MaxOutputTokens = value);
                continue;
            }

            foreach (var setting in feature.GetChildren())
            {
                ReadFeatureSetting(limits, setting, problems);
            }
        }
    }

    private static void ReadFeatureSetting(FeatureOutputLimits limits, IConfigurationSection setting, OptionsProblems problems)
    {
        switch (setting.Key.ToUpperInvariant())
        {
            case "MAXOUTPUTTOKENS":
                Read<int>(setting, problems, "a whole number of tokens", TryParse, value => limits.MaxOutputTokens = value);
                break;
            case "LEARNCAPS":
                Read<bool>(setting, problems, "true or false", bool.TryParse, value => limits.LearnCaps = value);
                break;
            case "BREVITYINSTRUCTION":
                limits.BrevityInstruction = setting.Value;
                break;
            case "REASONINGEFFORT":
                Read<ReasoningEffort>(setting, problems, Efforts, TryParseName, value => limits.ReasoningEffort = value);
                break;
            case "STOPSEQUENCES":
                ReadTexts(setting, limits.StopSequences);
                break;
            default:
                problems.Add(
                    $"{setting.Path} is not an option of a feature. There are: MaxOutputTokens, LearnCaps, BrevityInstruction, ReasoningEffort, StopSequences."
                );
                break;
        }
    }

    private static void ReadPrices(CostControlOptions options, IConfigurationSection section, OptionsProblems problems)
    {
        try
        {
            options.Metering.Prices = options.Metering.Prices.WithConfiguration(section);
        }
        catch (Exception exception) when (exception is ArgumentException or FormatException or InvalidOperationException)
        {
            problems.Add($"{section.Path}: {exception.Message}");
        }
    }
}
