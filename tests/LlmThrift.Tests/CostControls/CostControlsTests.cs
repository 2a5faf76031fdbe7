using LlmThrift.CostControls;
using LlmThrift.Diagnostics;
using LlmThrift.ExactCache;
using LlmThrift.Metering;
using LlmThrift.Pricing;
using LlmThrift.Routing;
using LlmThrift.TestKit;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Xunit;

namespace LlmThrift.Tests.CostControls;

public sealed class CostControlsTests
{
    [Fact]
    public async Task One_line_saves()
    {
        var services = new ServiceCollection();
        services.AddChatClient(_ => new ScriptedChatClient()).UseCostControls();
        await using var provider = services.BuildServiceProvider();
        var client = provider.GetRequiredService<IChatClient>();

        await client.GetResponseAsync("What are your business hours?");
        await client.GetResponseAsync("What are your business hours?");

        var total = client.GetService<CostReport>()!.GetSummary().Total;
        Assert.Equal((2, 0.5), (total.Calls, total.SavingShare));
    }

    [Fact]
    public async Task AddCostControls_gives_all_pipelines_one_report_and_one_set_of_options()
    {
        var services = new ServiceCollection();
        services.AddCostControls(o => o.OutputLimits.MaxOutputTokens = 300);
        services.AddSingleton<ICallRecordSink, CountingSink>();
        var cheap = new ScriptedChatClient();
        var dear = new ScriptedChatClient();
        services.AddKeyedChatClient("cheap", _ => cheap).UseCostControls();
        services.AddKeyedChatClient("dear", _ => dear).UseCostControls(o => o.OutputLimits.MaxOutputTokens = 900);
        await using var provider = services.BuildServiceProvider();

        await provider.GetRequiredKeyedService<IChatClient>("cheap").GetResponseAsync("q");
        await provider.GetRequiredKeyedService<IChatClient>("dear").GetResponseAsync("q");

        Assert.Equal(2, provider.GetRequiredService<CostReport>().GetSummary().Total.Calls);
        Assert.Equal(2, ((CountingSink)provider.GetRequiredService<ICallRecordSink>()).Count);
        Assert.Equal(300, cheap.Requests.Single().Options?.MaxOutputTokens);
        Assert.Equal(900, dear.Requests.Single().Options?.MaxOutputTokens);
    }

    /// <summary>A scoped client is built anew for every request of a web app: a cache of its own would never be hit.</summary>
    [Theory]
    [InlineData(ServiceLifetime.Scoped)]
    [InlineData(ServiceLifetime.Transient)]
    [InlineData(ServiceLifetime.Singleton)]
    public async Task Clients_of_all_scopes_share_cache_and_report(ServiceLifetime lifetime)
    {
        using var model = new ScriptedChatClient();
        var services = new ServiceCollection();
        services.AddChatClient(_ => model, lifetime).UseCostControls();
        services.AddKeyedChatClient("by hand", _ => model, lifetime).UseCostMeter().UseExactCache();
        await using var provider = services.BuildServiceProvider();
        await using var otherContainer = services.BuildServiceProvider();

        for (var i = 0; i < 3; i++)
        {
            await using var scope = provider.CreateAsyncScope();
            await scope.ServiceProvider.GetRequiredService<IChatClient>().GetResponseAsync("q");
            await scope.ServiceProvider.GetRequiredKeyedService<IChatClient>("by hand").GetResponseAsync("q");
        }

        Assert.Equal(2, model.Calls);
        await using var last = provider.CreateAsyncScope();
        Assert.Equal(3, last.ServiceProvider.GetRequiredService<IChatClient>().GetService<CostReport>()!.GetSummary().Total.Calls);
        Assert.Equal(
            3,
            last.ServiceProvider.GetRequiredKeyedService<IChatClient>("by hand").GetService<CostReport>()!.GetSummary().Total.Calls
        );

        await using var elsewhere = otherContainer.CreateAsyncScope();
        await elsewhere.ServiceProvider.GetRequiredService<IChatClient>().GetResponseAsync("q");
        Assert.Equal(3, model.Calls);
    }

    [Fact]
    public async Task Exact_cache_can_be_left_out()
    {
        using var provider = new ScriptedChatClient();
        using var client = provider.WithCostControls(o => o.UseExactCache = false);

        await client.GetResponseAsync("q");
        await client.GetResponseAsync("q");

        Assert.Equal(2, provider.Calls);
        Assert.Null(client.GetService<ExactCacheManager>());
    }

    [Fact]
    public async Task Configuration_sets_every_option()
    {
        var configuration = Configuration(
            """
            {
              "UseExactCache": true,
              "ExactCache": { "Expiration": "02:00:00", "StoreTimeout": "00:00:03", "MaxEntries": 5, "MaxBytes": 100000, "MaxTemperature": 0.3, "IgnoredProperties": ["trace"] },
              "UseContextTrimming": true,
              "ContextTrimming": {
                "MaxTokens": 5000, "MaxContextShare": 0.5, "TargetShare": 0.6, "RecentMessages": 3, "ShortenAbove": 200, "IsPrefixAware": false,
                "ExpectedFurtherCalls": 4, "PrefixLifetime": "01:00:00", "UseEmbeddings": false, "EmbeddingTimeout": "00:00:01", "MaxRememberedMessages": 500,
                "Summary": { "ModelId": "cheap", "Instructions": "Be short.", "MaxTokens": 200, "Timeout": "00:00:02" }
              },
              "Routing": {
                "Tiers": [
                  { "Name": "small", "ModelId": "gpt-4o-mini", "ContextWindow": 9000, "SupportsTools": false, "SupportsVision": false, "SupportsJson": false, "Languages": ["en"] },
                  { "Name": "large", "ModelId": "gpt-4o" }
                ],
                "Rules": [
                  { "Tier": "small", "Name": "night", "Feature": "faq", "Tenant": "t", "Task": "Faq", "HasTools": false, "MinInputTokens": 1, "MaxInputTokens": 90, "From": "22:00", "Until": "06:00" }
                ],
                "DefaultTier": "small",
                "IsSticky": false,
                "StickyFor": "00:10:00",
                "Cascade": { "MaxEscalations": 2, "MaxBufferedCharacters": 10 }
              },
              "UseResilience": true,
              "Resilience": {
                "Timeout": "00:00:50", "MaxRetries": 3, "BaseDelay": "00:00:02", "MaxRetryDelay": "00:00:20", "BreakerFailureRatio": 0.7, "BreakerMinimumThroughput": 20,
                "BreakerSamplingDuration": "00:01:00", "BreakDuration": "00:00:10", "HedgeAfterPercentile": 0.9, "MinHedgeDelay": "00:00:03", "MaxHedges": 2
              },
              "UsePrefixCaching": true,
              "PrefixCaching": { "SortTools": false, "MaxBreakpoints": 2, "MinPrefixTokens": 2048, "Lifetime": "01:00:00" },
              "OutputLimits": {
                "MaxOutputTokens": 700,
                "Features": {
                  "faq": 200,
                  "essay": {
                    "MaxOutputTokens": 4000, "LearnCaps": false, "BrevityInstruction": "", "ReasoningEffort": "Medium", "StopSequences": ["END"]
                  }
                },
                "LearnCaps": true,
                "LearnedCaps": {
                  "Quantile": 0.99, "Margin": 1.5, "Floor": 64, "MinSamples": 50, "HalfLife": "2.00:00:00", "MaxShareCut": 0.01
                },
                "BrevityInstruction": "Be brief.",
                "ReasoningEffort": "Low",
                "StopSequences": ["###"],
                "RetryEmptyAnswers": false,
                "ContinueCutAnswers": true,
                "MaxContinuations": 2,
                "ContinueInstruction": "Go on."
              },
              "Prices": { "house-*": { "Input": 1.5, "Output": 4 } }
            }
            """
        );
        CostControlOptions? options = null;
        using var provider = new ScriptedChatClient(new ScriptedAnswer { ModelId = "house-model" });

        using var client = provider.AsBuilder().UseCostControls(configuration).Build();
        using var probe = provider
            .AsBuilder()
            .UseCostControls(o => options = o)
            .Build(new FewServices().With(new CostControlDefaults(CostControlComposition.From(configuration))));

        Assert.Equal(TimeSpan.FromHours(2), options!.ExactCache.Expiration);
        Assert.Equal(TimeSpan.FromSeconds(3), options.ExactCache.StoreTimeout);
        Assert.Equal((5, 100_000L, 0.3f), (options.ExactCache.MaxEntries, options.ExactCache.MaxBytes, options.ExactCache.MaxTemperature));
        Assert.Equal(["trace"], options.ExactCache.IgnoredProperties);
        var trimming = options.ContextTrimming;
        Assert.Equal(
            (true, 5_000, 0.5, 0.6),
            (options.UseContextTrimming, trimming.MaxTokens, trimming.MaxContextShare, trimming.TargetShare)
        );
        Assert.Equal(
            (3, 200, false, 4),
            (trimming.RecentMessages, trimming.ShortenAbove, trimming.IsPrefixAware, trimming.ExpectedFurtherCalls)
        );
        Assert.Equal((TimeSpan.FromHours(1), TimeSpan.FromSeconds(1)), (trimming.PrefixLifetime, trimming.EmbeddingTimeout));
        Assert.Equal((false, 500), (trimming.UseEmbeddings, trimming.MaxRememberedMessages));
        Assert.Equal(
            ("cheap", "Be short.", 200, TimeSpan.FromSeconds(2)),
            (trimming.Summary.ModelId, trimming.Summary.Instructions, trimming.Summary.MaxTokens, trimming.Summary.Timeout)
        );
        var tier = options.Routing.Tiers[0];
        Assert.Equal(("small", "gpt-4o-mini", 9_000), (tier.Name, tier.ModelId, tier.ContextWindow));
        Assert.Equal((false, false, false, "en"), (tier.SupportsTools, tier.SupportsVision, tier.SupportsJson, tier.Languages.Single()));
        var rule = options.Routing.Rules.Single();
        Assert.Equal(("small", "night", "faq", "t", TaskType.Faq), (rule.Tier, rule.Name, rule.Feature, rule.Tenant, rule.Task));
        Assert.Equal((false, 1, 90), (rule.HasTools, rule.MinInputTokens, rule.MaxInputTokens));
        Assert.Equal((new TimeOnly(22, 0), new TimeOnly(6, 0)), (rule.From, rule.Until));
        Assert.Equal(
            ("small", false, TimeSpan.FromMinutes(10)),
            (options.Routing.DefaultTier, options.Routing.IsSticky, options.Routing.StickyFor)
        );
        Assert.Equal((2, 10), (options.Routing.Cascade.MaxEscalations, options.Routing.Cascade.MaxBufferedCharacters));
        var resilience = options.Resilience;
        Assert.Equal((true, TimeSpan.FromSeconds(50), 3), (options.UseResilience, resilience.Timeout, resilience.MaxRetries));
        Assert.Equal((TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(20)), (resilience.BaseDelay, resilience.MaxRetryDelay));
        Assert.Equal((0.7, 20), (resilience.BreakerFailureRatio, resilience.BreakerMinimumThroughput));
        Assert.Equal((TimeSpan.FromMinutes(1), TimeSpan.FromSeconds(10)), (resilience.BreakerSamplingDuration, resilience.BreakDuration));
        Assert.Equal((0.9, TimeSpan.FromSeconds(3), 2), (resilience.HedgeAfterPercentile, resilience.MinHedgeDelay, resilience.MaxHedges));
        Assert.Equal((true, false), (options.UsePrefixCaching, options.PrefixCaching.SortTools));
        Assert.Equal(
            (2, 2_048, TimeSpan.FromHours(1)),
            (options.PrefixCaching.MaxBreakpoints, options.PrefixCaching.MinPrefixTokens, options.PrefixCaching.Lifetime)
        );
        var limits = options.OutputLimits;
        Assert.Equal((700, 200), (limits.MaxOutputTokens, limits.Features["faq"].MaxOutputTokens));
        var essay = limits.Features["essay"];
        Assert.Equal((4_000, false, ""), (essay.MaxOutputTokens, essay.LearnCaps, essay.BrevityInstruction));
        Assert.Equal(ReasoningEffort.Medium, essay.ReasoningEffort);
        Assert.Equal(["END"], essay.StopSequences);
        Assert.True(limits.LearnCaps);
        var learned = limits.LearnedCaps;
        Assert.Equal((0.99, 1.5, 64, 50), (learned.Quantile, learned.Margin, learned.Floor, learned.MinSamples));
        Assert.Equal((TimeSpan.FromDays(2), 0.01), (learned.HalfLife, learned.MaxShareCut));
        Assert.Equal(("Be brief.", ReasoningEffort.Low), (limits.BrevityInstruction, limits.ReasoningEffort));
        Assert.Equal(["###"], limits.StopSequences);
        Assert.Equal((false, true, 2), (limits.RetryEmptyAnswers, limits.ContinueCutAnswers, limits.MaxContinuations));
        Assert.Equal("Go on.", limits.ContinueInstruction);
        var record = (await client.GetResponseAsync("q", new ChatOptions { ModelId = "house-model" })).GetCallRecord()!;
        Assert.Equal(((100 * 1.5m) + (20 * 4m)) / 1_000_000m, record.ActualCost);
    }

    [Fact]
    public void Bad_configuration_is_refused_with_every_problem_named()
    {
        var configuration = Configuration(
            """
            {
              "UseExactCash": true,
              "ExactCache": { "Expiration": "soon", "MaxEntrys": 5, "MaxBytes": "-" },
              "OutputLimits": { "Features": { "faq": "many", "essay": { "Cap": 1 } }, "LearnedCaps": { "Quantil": 0.9 } },
              "Prices": { "house-model": { "Input": "cheap" } }
            }
            """
        );

        var exception = Assert.Throws<ArgumentException>(() => new ScriptedChatClient().AsBuilder().UseCostControls(configuration).Build());

        Assert.Contains("8 bad values", exception.Message, StringComparison.Ordinal);
        foreach (
            var part in new[]
            {
                "UseExactCash",
                "\"soon\"",
                "MaxEntrys",
                "\"-\"",
                "\"many\"",
                "essay:Cap",
                "Quantil ",
                "cheap",
                "ExactCache:Expiration",
            }
        )
        {
            Assert.Contains(part, exception.Message, StringComparison.Ordinal);
        }
    }

    /// <summary>To TimeSpan.Parse, 24:00:00 is 24 days.</summary>
    [Fact]
    public void Expiration_of_24_hours_written_as_a_time_of_day_is_refused()
    {
        var configuration = Configuration("""{ "ExactCache": { "Expiration": "24:00:00" } }""");

        var exception = Assert.Throws<ArgumentException>(() => new ScriptedChatClient().AsBuilder().UseCostControls(configuration).Build());

        Assert.Contains("1.00:00:00 (a day)", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Bad_options_are_refused_with_every_problem_named()
    {
        var exception = Assert.Throws<ArgumentException>(() =>
            new ScriptedChatClient().WithCostControls(o =>
            {
                o.ExactCache.Expiration = TimeSpan.Zero;
                o.ExactCache.MaxEntries = 0;
                o.ExactCache.MaxBytes = -1;
                o.ExactCache.MaxTemperature = float.NaN;
                o.ExactCache.Partition = null!;
                o.OutputLimits.MaxOutputTokens = 0;
                o.OutputLimits.Features["faq"] = -3;
                o.Metering.Prices = null!;
                o.Metering.TokenCounter = null!;
                o.Metering.Sinks.Add(null!);
            })
        );

        Assert.Contains("10 bad values", exception.Message, StringComparison.Ordinal);
        Assert.Contains("OutputLimits.Features[\"faq\"] is -3", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Cost_controls_twice_are_refused()
    {
        var exception = Assert.Throws<InvalidOperationException>(() => new ScriptedChatClient().WithCostControls().WithCostControls());

        Assert.Contains("UseCostControls() once", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Wrong_order_is_reported()
    {
        var loggers = new RecordingLoggerFactory();
        var services = new FewServices().With<ILoggerFactory>(loggers);

        using var client = new ScriptedChatClient().AsBuilder().UseOutputLimits().UseExactCache().UseCostMeter().Build(services);
        await client.GetResponseAsync("q");
        await client.GetResponseAsync("q");

        var warnings = loggers.Entries.Where(entry => entry.Level == LogLevel.Warning).Select(entry => entry.Message).ToList();
        Assert.Equal(2, warnings.Count);
        Assert.Contains(warnings, w => w.Contains("Call UseCostMeter() before UseExactCache()", StringComparison.Ordinal));
        Assert.Contains(warnings, w => w.Contains("Call UseExactCache() before UseOutputLimits()", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Right_order_is_not_reported()
    {
        var loggers = new RecordingLoggerFactory();
        var services = new FewServices().With<ILoggerFactory>(loggers);

        using var one = new ScriptedChatClient()
            .AsBuilder()
            .UseCostMeter()
            .UseExactCache()
            .UseOutputLimits()
            .UseCostMeter()
            .Build(services);
        using var other = new ScriptedChatClient().AsBuilder().UseCostControls().Build(services);
        await one.GetResponseAsync("q");
        await other.GetResponseAsync("q");

        Assert.DoesNotContain(loggers.Entries, entry => entry.Level >= LogLevel.Warning);
    }

    [Fact]
    public void Default_model_without_a_price_is_reported_when_the_pipeline_is_built()
    {
        var loggers = new RecordingLoggerFactory();

        new ScriptedChatClient { Metadata = new("house", null, "house-model") }
            .WithCostControls(loggerFactory: loggers)
            .Dispose();
        new ScriptedChatClient { Metadata = new("house", null, "house-model") }
            .WithCostControls(
                o => o.Metering.Prices = PriceBook.Embedded.With("house-model", new ModelPrice { Input = 1, Output = 2 }),
                loggers
            )
            .Dispose();

        Assert.Contains(
            "house-model",
            Assert.Single(loggers.Entries, entry => entry.Level == LogLevel.Warning).Message,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task Stages_composed_by_hand_meter_hits_and_requests_alike()
    {
        using var client = new ScriptedChatClient().AsBuilder().UseCostMeter().UseExactCache().UseOutputLimits().UseCostMeter().Build();

        var miss = (await client.GetResponseAsync("q")).GetCallRecord()!;
        var hit = (await client.GetResponseAsync("q")).GetCallRecord()!;

        Assert.Equal(miss.ActualCost, hit.Saving);
        Assert.Equal(CostStages.ExactCache, hit.ServedBy);
        Assert.Single(miss.Attempts);
    }

    private static IConfiguration Configuration(string json) =>
        new ConfigurationBuilder().AddJsonStream(new MemoryStream(System.Text.Encoding.UTF8.GetBytes(json))).Build();

    private sealed class CountingSink : ICallRecordSink
    {
        private int _count;

        public int Count => Volatile.Read(ref _count);

        public void Record(CallRecord record) => Interlocked.Increment(ref _count);
    }
}
