using LlmThrift.Metering;
using LlmThrift.Pricing;
using LlmThrift.Routing;
using LlmThrift.TestKit;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Xunit;

namespace LlmThrift.Tests.Routing;

public sealed class PolicyRoutingTests
{
    private static readonly PriceBook Prices = PriceBook
        .Empty.With("small", new ModelPrice { Input = 0.1m, Output = 0.4m })
        .With("large", new ModelPrice { Input = 10m, Output = 40m });

    /// <summary>A starved machine makes a question that is embedded at once late.</summary>
    private static readonly TimeSpan NoHurry = TimeSpan.FromSeconds(30);

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Score_chooses_the_tier_and_is_in_the_record(bool isStreaming)
    {
        using var provider = Echo();
        using var generator = RoutingPolicyTests.Generator();
        var policy = await RoutingPolicyTests.AuditedAsync();
        using var client = Client(provider, o => o.UsePolicy(policy, RoutingTarget.StrongShare(0.5)), generator);

        var easy = await AskAsync(client, "easy parcel order", isStreaming);
        var hard = await AskAsync(client, "hard theorem proof", isStreaming);

        Assert.Equal((RoutingReason.Score, "small"), (easy.Routing!.Reason, easy.Routing.Tier));
        Assert.Equal((RoutingReason.Score, "large"), (hard.Routing!.Reason, hard.Routing.Tier));
        Assert.True(easy.Routing.Score < easy.Routing.Threshold && hard.Routing.Score >= hard.Routing.Threshold);
        Assert.True(easy.Saving > 0);
    }

    [Fact]
    public async Task Question_is_embedded_once_for_the_semantic_cache_and_the_router()
    {
        using var provider = Echo();
        using var generator = RoutingPolicyTests.Generator();
        var policy = await RoutingPolicyTests.AuditedAsync();
        using var client = provider.WithCostControls(o =>
        {
            o.Metering.Prices = Prices;
            o.UseSemanticCache = true;
            o.SemanticCache.EmbeddingGenerator = generator;
            o.SemanticCache.EmbeddingTimeout = NoHurry;
            o.Routing.EmbeddingGenerator = generator;
            o.Routing.EmbeddingTimeout = NoHurry;
            o.Routing.UsePolicy(policy, RoutingTarget.StrongShare(0.5));
        });

        var record = await AskAsync(client, "easy parcel order");

        Assert.Equal((RoutingReason.Score, "small"), (record.Routing!.Reason, record.Routing.Tier));
        Assert.Equal(1, generator.Calls);
    }

    [Theory]
    [InlineData("failing", "embedder_failed")]
    [InlineData("late", "embedder_timeout")]
    [InlineData("rubbish", "embedder_invalid")]
    [InlineData("other", "embedder_invalid")]
    public async Task Call_whose_question_cannot_be_embedded_goes_to_the_stronger_tier(string how, string note)
    {
        using var provider = Echo();
        using var generator = RoutingPolicyTests.Generator();
        var policy = await RoutingPolicyTests.AuditedAsync();
        switch (how)
        {
            case "failing":
                generator.Failure = new InvalidOperationException();
                break;
            case "late":
                generator.Gate = new TaskCompletionSource().Task;
                break;
            default:
                generator.Script = _ => how == "other" ? [1f, 0f] : [float.NaN];
                break;
        }

        using var client = Client(
            provider,
            o =>
            {
                o.UsePolicy(policy, RoutingTarget.StrongShare(0));
                o.EmbeddingTimeout = TimeSpan.FromSeconds(how == "late" ? 0.02 : 30);
            },
            generator
        );

        var record = await AskAsync(client, "easy parcel order");

        Assert.Equal("large", record.Routing!.Tier);
        Assert.Null(record.Routing.Score);
        Assert.Contains(record.Notes, n => n.Stage == "routing" && n.Reason == note);
    }

    [Fact]
    public async Task Rules_and_the_apps_router_come_before_the_policy()
    {
        using var provider = Echo();
        using var generator = RoutingPolicyTests.Generator();
        var policy = await RoutingPolicyTests.AuditedAsync();
        using var client = Client(
            provider,
            o =>
            {
                o.UsePolicy(policy, RoutingTarget.StrongShare(0));
                o.Rules.Add(new RoutingRule("large") { When = request => request.Question.Length > 100 });
            },
            generator
        );

        Assert.Equal("large", (await AskAsync(client, new string('x', 101))).Routing!.Tier);
        Assert.Equal(0, generator.Calls);
        Assert.Equal("small", (await AskAsync(client, "hard theorem")).Routing!.Tier);
    }

    [Fact]
    public async Task What_is_missing_for_a_policy_is_said_at_once()
    {
        using var provider = Echo();
        var policy = await RoutingPolicyTests.AuditedAsync();

        Assert.Contains(
            "AddMiniLmEmbeddings",
            MessageOf(o => o.UsePolicy(policy, RoutingTarget.StrongShare(0.5))),
            StringComparison.Ordinal
        );
        Assert.Contains("signed off", MessageOf(o => o.UsePolicy(policy)), StringComparison.Ordinal);
        Assert.Contains(
            "names the tier \"small\"",
            MessageOf(o =>
            {
                o.AddTier("cheap");
                o.AddTier("large");
                o.UsePolicy(policy, RoutingTarget.StrongShare(0.5));
            }),
            StringComparison.Ordinal
        );
        Assert.Contains(
            "needs an audit",
            MessageOf(o => o.UsePolicy(RoutingPolicy.WithoutAudit("a", "b"), RoutingTarget.Quality(0.98))),
            StringComparison.Ordinal
        );
        Assert.Contains(
            "embeddings of \"fake-embedding\"",
            MessageOf(o =>
            {
                o.UsePolicy(policy, RoutingTarget.StrongShare(0.5));
                o.EmbeddingGenerator = new FakeEmbeddingGenerator { Metadata = new("other", null, "other-model") };
            }),
            StringComparison.Ordinal
        );
        Assert.Contains(
            "Judge",
            MessageOf(o =>
            {
                o.UsePolicy(policy, RoutingTarget.StrongShare(0.5));
                o.Exploration.Share = 0.1;
            }),
            StringComparison.Ordinal
        );

        string MessageOf(Action<ModelRoutingOptions> configure) =>
            Assert.ThrowsAny<Exception>(() => provider.AsBuilder().UseModelRouting(configure).Build()).Message;
    }

    [Fact]
    public async Task Share_without_an_audit_is_learned_from_the_apps_own_questions()
    {
        using var provider = Echo();
        using var generator = new FakeEmbeddingGenerator { Dimensions = 384, Metadata = new("local", null, "all-MiniLM-L6-v2") };
        using var client = Client(
            provider,
            o => o.UsePolicy(RoutingPolicy.WithoutAudit("small", "large"), RoutingTarget.StrongShare(0.25)),
            generator
        );

        var tiers = new List<string>();
        for (var i = 0; i < 400; i++)
        {
            tiers.Add((await AskAsync(client, $"question {i} about {i * 7919}")).Routing!.Tier);
        }

        Assert.All(tiers[..49], tier => Assert.Equal("large", tier));
        Assert.InRange(tiers[100..].Count(tier => tier == "large") / 300.0, 0.15, 0.35);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Exploration_asks_the_other_tier_and_is_billed_on_records_of_its_own(bool isStreaming)
    {
        using var provider = Echo();
        using var generator = RoutingPolicyTests.Generator();
        var policy = await RoutingPolicyTests.AuditedAsync();
        var records = new List<CallRecord>();
        using var client = Client(
            provider,
            o =>
            {
                o.UsePolicy(policy, RoutingTarget.StrongShare(0.5));
                o.Exploration.Share = 1;
                o.Exploration.Judge = AnswerJudges.Exact;
            },
            generator,
            records
        );

        await AskAsync(client, "easy parcel order", isStreaming);
        var manager = client.GetService<ModelRoutingManager>()!;
        await manager.WhenIdleAsync();

        Assert.Equal(["small", "large"], provider.Requests.Select(request => request.Options!.ModelId));
        Assert.Equal(1, manager.Comparisons);
        var upkeep = records.Single(record => record.IsUpkeep);
        Assert.Equal(((100 * 10m) + (20 * 40m)) / 1_000_000, upkeep.ActualCost);
        Assert.Equal("routing", Assert.Single(upkeep.SavingByStage).Stage);
        Assert.Equal(1, records.Count(record => !record.IsUpkeep));
    }

    [Fact]
    public async Task Threshold_falls_when_the_weaker_tier_gets_worse_and_that_is_logged()
    {
        using var provider = new ScriptedChatClient(
            (_, options) => ScriptedAnswer.Saying(options!.ModelId == "small" ? "wrong" : "right") with { ModelId = options.ModelId! }
        );
        using var generator = RoutingPolicyTests.Generator();
        using var loggers = new RecordingLoggerFactory();
        var policy = await RoutingPolicyTests.AuditedAsync(500);
        var services = new ServiceCollection().AddSingleton<ILoggerFactory>(loggers);
        services
            .AddChatClient(_ => provider)
            .UseModelRouting(o =>
            {
                o.UsePolicy(policy, RoutingTarget.Quality(0.9));
                o.EmbeddingGenerator = generator;
                o.EmbeddingTimeout = NoHurry;
                o.Exploration.Share = 1;
                o.Exploration.Judge = AnswerJudges.Exact;
            });
        await using var found = services.BuildServiceProvider();
        var client = found.GetRequiredService<IChatClient>();
        var manager = client.GetService<ModelRoutingManager>()!;
        var before = manager.Threshold!.Value;
        Assert.True(double.IsFinite(before) || double.IsPositiveInfinity(before), $"{before}");

        for (var i = 0; i < 40; i++)
        {
            await client.GetResponseAsync("easy parcel order");
            await manager.WhenIdleAsync();
        }

        Assert.True(manager.HasDrifted);
        Assert.Equal(double.NegativeInfinity, manager.Threshold);
        Assert.Single(
            loggers.Entries,
            entry => entry.Level == LogLevel.Warning && entry.Message.Contains("audit", StringComparison.Ordinal)
        );
        Assert.DoesNotContain(loggers.Entries, entry => entry.Message.Contains("parcel", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Exploration_stops_where_the_days_money_ends_and_begins_again_the_next_day()
    {
        using var provider = Echo();
        using var generator = RoutingPolicyTests.Generator();
        var clock = new ManualClock();
        var policy = await RoutingPolicyTests.AuditedAsync();
        var services = new ServiceCollection().AddSingleton<TimeProvider>(clock);
        services
            .AddChatClient(_ => provider)
            .UseCostMeter(o => o.Prices = Prices)
            .UseModelRouting(o =>
            {
                o.UsePolicy(policy, RoutingTarget.StrongShare(0));
                o.EmbeddingGenerator = generator;
                o.EmbeddingTimeout = NoHurry;
                o.Exploration.Share = 1;
                o.Exploration.Judge = AnswerJudges.Exact;
                o.Exploration.MaxCostPerDay = 0.005m;
            });
        await using var found = services.BuildServiceProvider();
        var client = found.GetRequiredService<IChatClient>();
        var manager = client.GetService<ModelRoutingManager>()!;

        // Each comparison costs 0.0018.
        for (var i = 0; i < 10; i++)
        {
            await client.GetResponseAsync("easy parcel");
            await manager.WhenIdleAsync();
        }

        Assert.Equal(2, manager.Comparisons);
        clock.Advance(TimeSpan.FromDays(1));
        await client.GetResponseAsync("easy parcel");
        await manager.WhenIdleAsync();
        Assert.Equal(3, manager.Comparisons);
    }

    [Fact]
    public async Task Policy_comes_from_configuration_with_its_tiers()
    {
        var path = Path.Combine(Directory.CreateTempSubdirectory().FullName, "policy.json");
        (await RoutingPolicyTests.AuditedAsync()).Save(path);
        using var provider = Echo();
        using var generator = RoutingPolicyTests.Generator();
        var settings = new Dictionary<string, string?>
        {
            ["LlmThrift:Routing:Policy"] = path,
            ["LlmThrift:Routing:Target"] = "strong share 0.5",
            ["LlmThrift:Routing:EmbeddingTimeout"] = "00:00:30",
        };
        var services = new ServiceCollection().AddSingleton<IEmbeddingGenerator<string, Embedding<float>>>(generator);
        services
            .AddChatClient(_ => provider)
            .UseCostControls(new ConfigurationBuilder().AddInMemoryCollection(settings).Build().GetSection("LlmThrift"));
        await using var found = services.BuildServiceProvider();

        var record = await AskAsync(found.GetRequiredService<IChatClient>(), "easy parcel order");

        Assert.Equal((RoutingReason.Score, "small"), (record.Routing!.Reason, record.Routing.Tier));
        settings["LlmThrift:Routing:Policy"] = path + ".none";
        settings["LlmThrift:Routing:Target"] = "speed";
        var exception = Assert.ThrowsAny<Exception>(() =>
            provider
                .AsBuilder()
                .UseCostControls(new ConfigurationBuilder().AddInMemoryCollection(settings).Build().GetSection("LlmThrift"))
                .Build()
        );
        Assert.Contains(".none", exception.Message, StringComparison.Ordinal);
        Assert.Contains("\"speed\" is no routing target", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Model_judge_is_asked_in_both_orders()
    {
        var asked = new List<string>();
        using var model = new ScriptedChatClient(
            (messages, _) =>
            {
                asked.Add(messages[^1].Text);
                return ScriptedAnswer.Saying(asked.Count == 1 ? "1" : "BOTH");
            }
        );
        var judge = AnswerJudges.ByModel(model);

        var judged = await judge.JudgeAsync(new AnswersToJudge("Why?", "weak", "strong"), default);

        Assert.Equal(new AnswerJudgement(1, 0.5), judged);
        Assert.Contains("\"answer1\":\"weak\"", asked[0], StringComparison.Ordinal);
        Assert.Contains("\"answer1\":\"strong\"", asked[1], StringComparison.Ordinal);
        Assert.Equal(new AnswerJudgement(1, 1), await judge.JudgeAsync(new AnswersToJudge("Why?", "Same ", "same"), default));
        Assert.Equal(2, model.Calls);
        using var talker = new ScriptedChatClient(ScriptedAnswer.Saying("I think that both are fine."));
        Assert.Null(await AnswerJudges.ByModel(talker).JudgeAsync(new AnswersToJudge("Why?", "weak", "strong"), default));
    }

    [Theory]
    [InlineData("It is 42.", "So the answer: 42", 1)]
    [InlineData("It is 41.", "So the answer: 42", 0)]
    public async Task Conclusions_are_compared(string weak, string strong, double quality) =>
        Assert.Equal(
            new AnswerJudgement(quality, 1),
            await AnswerJudges.SameConclusion.JudgeAsync(new AnswersToJudge("How many?", weak, strong), default)
        );

    private static ScriptedChatClient Echo() =>
        new((_, options) => new ScriptedAnswer { ModelId = options?.ModelId ?? "large" }) { Metadata = new("openai", null, "large") };

    private static IChatClient Client(
        IChatClient provider,
        Action<ModelRoutingOptions> configure,
        FakeEmbeddingGenerator generator,
        List<CallRecord>? records = null
    ) =>
        provider
            .AsBuilder()
            .UseCostMeter(o =>
            {
                o.Prices = Prices;
                if (records is not null)
                {
                    o.Sinks.Add(new Sink(records));
                }
            })
            .UseModelRouting(o =>
            {
                o.EmbeddingGenerator = generator;
                o.EmbeddingTimeout = NoHurry;
                configure(o);
            })
            .Build();

    private static async Task<CallRecord> AskAsync(IChatClient client, string question, bool isStreaming = false)
    {
        CallRecord? record = null;
        var options = new ChatOptions().WithCallRecord(r => record = r);
        _ = isStreaming
            ? await client.GetStreamingResponseAsync(question, options).ToChatResponseAsync()
            : await client.GetResponseAsync(question, options);
        return record!;
    }

    private sealed class Sink(List<CallRecord> records) : ICallRecordSink
    {
        public void Record(CallRecord record)
        {
            lock (records)
            {
                records.Add(record);
            }
        }
    }
}
