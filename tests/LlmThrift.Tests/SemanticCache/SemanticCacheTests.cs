using LlmThrift.CostControls;
using LlmThrift.Diagnostics;
using LlmThrift.Metering;
using LlmThrift.SemanticCache;
using LlmThrift.TestKit;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace LlmThrift.Tests.SemanticCache;

public sealed class SemanticCacheTests
{
    /// <summary>The same words in another order have the same vector, and another exact key.</summary>
    private const string Question = "what are your opening hours";
    private const string Similar = "your opening hours what are";
    private const string Other = "how can a lost card be replaced";

    [Theory]
    [InlineData(false, false)]
    [InlineData(false, true)]
    [InlineData(true, false)]
    [InlineData(true, true)]
    public async Task Similar_question_is_answered_without_the_provider(bool firstStreams, bool secondStreams)
    {
        using var provider = ScriptedChatClient.Echo();
        using var client = provider.WithSemanticCache();

        var first = await client.AskAsync(Question, isStreaming: firstStreams);
        var second = await client.AskAsync(Similar, isStreaming: secondStreams);
        var other = await client.AskAsync(Other);

        Assert.Equal(2, provider.Calls);
        Assert.Equal(first.Text, second.Text);
        Assert.Equal(ChatFinishReason.Stop, second.FinishReason);
        Assert.Contains(Other, other.Text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Hit_is_accounted_to_the_semantic_cache_and_says_how_it_was_found(bool isStreaming)
    {
        var clock = new ManualClock();
        using var client = new ScriptedChatClient().WithSemanticCache(clock: clock);
        await client.AskAsync(Question);
        clock.Advance(TimeSpan.FromMinutes(5));
        CallRecord? record = null;

        var hit = await client.AskAsync(Similar, new ChatOptions().WithCallRecord(r => record = r), isStreaming);

        Assert.Equal(0, hit.Usage?.TotalTokenCount);
        Assert.Equal(CostStages.SemanticCache, record!.ServedBy);
        Assert.Equal(0m, record.ActualCost);
        Assert.Equal((100 * 2.5m + 20 * 10m) / 1_000_000m, record.Saving);
        Assert.Equal([new StageSaving(CostStages.SemanticCache, record.Saving!.Value)], record.SavingByStage);
        Assert.Equal(1f, record.SemanticMatch!.Similarity, 0.001f);
        Assert.Equal(1f, record.SemanticMatch.Score, 0.001f);
        Assert.Equal(0f, record.SemanticMatch.ErrorBound, 0.001f);
        Assert.Equal(TimeSpan.FromMinutes(5), record.SemanticMatch.Age);
        Assert.Equal(1, record.SemanticMatch.HitId);
        Assert.Contains(new StageNote(CostStages.SemanticCache, "served", PassedBy: false), record.Notes);
    }

    [Fact]
    public async Task Question_served_is_not_kept_by_the_exact_cache()
    {
        using var provider = ScriptedChatClient.Echo();
        using var client = provider.WithSemanticCache();
        await client.AskAsync(Question);
        await client.AskAsync(Similar);

        Assert.Equal(1, client.GetService<LlmThrift.ExactCache.ExactCacheManager>()!.Count);
        Assert.True((await client.AskAsync(Similar)).ReportWrongAnswer());
        await client.AskAsync(Similar);

        Assert.Equal(2, provider.Calls);
    }

    [Fact]
    public async Task Question_without_a_similar_one_leaves_no_match_in_its_record()
    {
        using var client = ScriptedChatClient.Echo().WithSemanticCache();
        CallRecord? record = null;

        await client.AskAsync(Question, new ChatOptions().WithCallRecord(r => record = r));

        Assert.Null(record!.SemanticMatch);
        Assert.Null(record.ServedBy);
        Assert.Contains(new StageNote(CostStages.SemanticCache, "no_neighbor", PassedBy: false), record.Notes);
    }

    public static TheoryData<string, ChatMessage[], Action<ChatOptions>> WhatIsPassedBy =>
        new()
        {
            { "bypass", [new(ChatRole.User, Question)], o => o.WithSemanticCache(SemanticCacheMode.Bypass) },
            { "conversation_id", [new(ChatRole.User, Question)], o => o.ConversationId = "c1" },
            { "temperature", [new(ChatRole.User, Question)], o => o.Temperature = 1.5f },
            { "hosted_tool", [new(ChatRole.User, Question)], o => o.Tools = [new HostedWebSearchTool()] },
            { "last_message_not_user", [new(ChatRole.User, Question), new(ChatRole.Assistant, "well")], _ => { } },
            {
                "not_text_only",
                [new(ChatRole.User, [new TextContent(Question), new DataContent(new byte[] { 1 }, "image/png")])],
                _ => { }
            },
            { "blank_question", [new(ChatRole.User, " \n")], _ => { } },
            { "long_question", [new(ChatRole.User, new string('x', 1_001))], _ => { } },
            {
                "earlier_turns",
                [new(ChatRole.User, "hello"), new(ChatRole.Assistant, "how can I help?"), new(ChatRole.User, Question)],
                _ => { }
            },
        };

    [Theory]
    [MemberData(nameof(WhatIsPassedBy))]
    public async Task Request_whose_question_does_not_stand_alone_is_passed_by_and_counted(
        string reason,
        ChatMessage[] messages,
        Action<ChatOptions> change
    )
    {
        using var provider = new ScriptedChatClient();
        using var client = provider.WithSemanticCache(configureAll: o => o.UseExactCache = false);
        foreach (var isStreaming in new[] { false, true })
        {
            var options = new ChatOptions();
            change(options);
            await client.AskAsync(messages, options, isStreaming);
        }

        Assert.Equal(2, provider.Calls);
        Assert.Equal(2, client.GetService<CostReport>()!.GetSummary().PassedBy["semantic_cache: " + reason]);
        Assert.Equal(0, client.Manager().GetStatistics().Entries);
    }

    [Fact]
    public async Task Earlier_turns_that_are_equal_are_served_when_the_app_wants_it()
    {
        using var provider = ScriptedChatClient.Echo();
        using var client = provider.WithSemanticCache(configure: o => o.EarlierTurns = EarlierTurns.MustBeEqual);
        static ChatMessage[] After(string earlier, string question) =>
            [new(ChatRole.User, earlier), new(ChatRole.Assistant, "yes?"), new(ChatRole.User, question)];

        await client.AskAsync(After("hello", Question));
        await client.AskAsync(After("hello", Similar));
        Assert.Equal(1, provider.Calls);

        await client.AskAsync(After("goodbye", Similar));
        Assert.Equal(2, provider.Calls);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Answer_with_a_tool_call_is_not_kept(bool isStreaming)
    {
        using var provider = new ScriptedChatClient(
            new ScriptedAnswer
            {
                FinishReason = ChatFinishReason.ToolCalls,
                MoreContents = [new FunctionCallContent("c", "book", new Dictionary<string, object?> { ["day"] = "Monday" })],
            }
        );
        using var client = provider.WithSemanticCache();

        await client.AskAsync(Question, isStreaming: isStreaming);
        await client.AskAsync(Similar, isStreaming: isStreaming);

        Assert.Equal(2, provider.Calls);
        Assert.Equal(0, client.Manager().GetStatistics().Entries);
        Assert.Equal(2, client.GetService<CostReport>()!.GetSummary().PassedBy["semantic_cache: not_stored_not_text_only"]);
    }

    [Fact]
    public async Task Answer_that_was_cut_is_not_kept()
    {
        using var provider = new ScriptedChatClient(new ScriptedAnswer { FinishReason = ChatFinishReason.Length });
        using var client = provider.WithSemanticCache();

        await client.AskAsync(Question);
        await client.AskAsync(Similar);

        Assert.Equal(2, provider.Calls);
    }

    [Fact]
    public async Task Answer_expires()
    {
        var clock = new ManualClock();
        using var provider = new ScriptedChatClient();
        using var client = provider.WithSemanticCache(
            configure: o => o.Expiration = TimeSpan.FromHours(1),
            clock: clock,
            configureAll: o => o.UseExactCache = false
        );

        await client.AskAsync(Question);
        clock.Advance(TimeSpan.FromMinutes(59));
        await client.AskAsync(Similar);
        Assert.Equal(1, provider.Calls);

        clock.Advance(TimeSpan.FromMinutes(2));
        await client.AskAsync(Similar, new ChatOptions().WithCacheExpiration(TimeSpan.FromMinutes(5)));
        Assert.Equal(2, provider.Calls);

        clock.Advance(TimeSpan.FromMinutes(6));
        await client.AskAsync(Question);
        Assert.Equal(3, provider.Calls);
    }

    [Fact]
    public async Task Short_lived_answer_does_not_shorten_the_time_of_others_that_say_the_same()
    {
        var clock = new ManualClock();
        using var provider = new ScriptedChatClient();
        using var client = provider.WithSemanticCache(
            new FakeEmbeddingGenerator { Script = text => text.StartsWith('a') ? [1, 0] : [0.8f, 0.6f] },
            clock: clock
        );
        await client.AskAsync("a long");
        await client.AskAsync("short", new ChatOptions().WithCacheExpiration(TimeSpan.FromMinutes(5)));
        Assert.Equal(2, provider.Calls);

        clock.Advance(TimeSpan.FromMinutes(6));
        await client.AskAsync("a similar one");

        Assert.Equal(2, provider.Calls);
    }

    [Fact]
    public async Task Answers_are_removed_by_tag_and_all_together()
    {
        using var provider = ScriptedChatClient.Echo();
        using var client = provider.WithSemanticCache(configureAll: o => o.UseExactCache = false);
        await client.AskAsync(Question, new ChatOptions().WithCacheTags("red", "all"));
        await client.AskAsync(Other, new ChatOptions().WithCacheTags("blue", "all"));

        await client.Manager().RemoveByTagAsync("red");
        Assert.Equal(1, client.Manager().GetStatistics().Entries);
        await client.AskAsync(Other);
        Assert.Equal(2, provider.Calls);
        await client.AskAsync(Similar);
        Assert.Equal(3, provider.Calls);

        await client.Manager().ClearAsync();
        var statistics = client.Manager().GetStatistics();
        Assert.Equal((0, 0, 0, 0L), (statistics.Entries, statistics.Answers, statistics.Scopes, statistics.Bytes));
    }

    [Fact]
    public async Task Answer_of_a_tagged_call_goes_with_its_tag_from_all_questions_that_share_it()
    {
        using var provider = new ScriptedChatClient();
        using var client = provider.WithSemanticCache(
            new FakeEmbeddingGenerator { Script = text => text.StartsWith('a') ? [1, 0] : [0.8f, 0.6f] },
            configureAll: o => o.UseExactCache = false
        );
        await client.AskAsync("a first");
        await client.AskAsync("second, of the same answer", new ChatOptions().WithCacheTags("red"));
        Assert.Equal((2, 1), (client.Manager().GetStatistics().Entries, client.Manager().GetStatistics().Answers));

        await client.Manager().RemoveByTagAsync("red");

        Assert.Equal((0, 0), (client.Manager().GetStatistics().Entries, client.Manager().GetStatistics().Answers));
    }

    [Fact]
    public async Task Answer_that_was_being_made_when_its_tag_was_removed_is_not_kept()
    {
        var clock = new ManualClock();
        var gate = new TaskCompletionSource();
        using var provider = new ScriptedChatClient(new ScriptedAnswer { Gate = gate.Task });
        using var client = provider.WithSemanticCache(clock: clock);
        var asking = client.GetResponseAsync(Question, new ChatOptions().WithCacheTags("red"));
        clock.Advance(TimeSpan.FromSeconds(1));

        await client.Manager().RemoveByTagAsync("red");
        gate.SetResult();
        await asking;
        await client.Manager().WhenIdleAsync();

        Assert.Equal(0, client.Manager().GetStatistics().Entries);
    }

    [Fact]
    public async Task Same_question_again_replaces_its_entry()
    {
        var number = 0;
        using var provider = new ScriptedChatClient((_, _) => ScriptedAnswer.Saying($"answer {++number}"));
        using var client = provider.WithSemanticCache();
        await client.AskAsync(Question);

        await client.AskAsync(Question, new ChatOptions().WithSemanticCache(SemanticCacheMode.Refresh).WithCacheKey("k"));
        await client.AskAsync(Question, new ChatOptions().WithExactCache(LlmThrift.ExactCache.ExactCacheMode.Refresh));

        Assert.Equal(3, provider.Calls);
        Assert.Equal("answer 3", (await client.AskAsync(Similar)).Text);
        Assert.Equal(2, client.Manager().GetStatistics().Entries);
        Assert.Equal(2, client.Manager().GetStatistics().Scopes);
    }

    [Fact]
    public async Task Questions_with_the_same_answer_hold_it_once()
    {
        var number = 0;
        using var provider = new ScriptedChatClient();
        using var client = provider.WithSemanticCache(
            new FakeEmbeddingGenerator { Script = _ => ++number % 2 == 0 ? [1, 0] : [0.8f, 0.6f] },
            o => o.PairScorer = new FixedScorer(0.1f)
        );
        for (var i = 0; i < 50; i++)
        {
            await client.AskAsync($"question {i}");
        }

        Assert.Equal((50, 1), (client.Manager().GetStatistics().Entries, client.Manager().GetStatistics().Answers));
    }

    [Fact]
    public async Task Entries_are_bounded_in_number_and_bytes_over_all_scopes_and_empty_scopes_vanish()
    {
        using var provider = ScriptedChatClient.Echo();
        var embedder = new FakeEmbeddingGenerator();
        using var few = provider.WithSemanticCache(embedder, o => o.MaxEntries = 10);
        using var small = provider.WithSemanticCache(embedder, o => o.MaxBytes = 20_000);
        for (var i = 0; i < 60; i++)
        {
            var options = new ChatOptions { Instructions = $"scope {i % 30}" };
            await few.AskAsync($"question {i} of many {i * i}", options);
            await small.AskAsync($"question {i} of many {i * i}", options);
        }

        var statistics = few.Manager().GetStatistics();
        Assert.Equal(10, statistics.Entries);
        Assert.InRange(statistics.Scopes, 1, 10);
        Assert.InRange(small.Manager().GetStatistics().Bytes, 1, 20_000);
        Assert.InRange(small.Manager().GetStatistics().Entries, 1, 30);
    }

    [Fact]
    public async Task Entry_that_was_of_use_outlives_those_that_were_not()
    {
        using var provider = ScriptedChatClient.Echo();
        using var client = provider.WithSemanticCache(configure: o => o.MaxEntries = 3);
        await client.AskAsync(Question);
        await client.AskAsync("one two three");
        await client.AskAsync("four five six");
        await client.AskAsync(Similar);

        await client.AskAsync("seven eight nine");
        await client.AskAsync("ten eleven twelve");
        Assert.Equal(5, provider.Calls);

        await client.AskAsync("opening hours your what are");
        Assert.Equal(5, provider.Calls);
    }

    [Fact]
    public async Task Refresh_replaces_read_only_keeps_nothing_and_bypass_does_neither()
    {
        var number = 0;
        using var provider = new ScriptedChatClient((_, _) => ScriptedAnswer.Saying($"answer {++number}"));
        using var client = provider.WithSemanticCache(configureAll: o => o.UseExactCache = false);
        static ChatOptions In(SemanticCacheMode mode) => new ChatOptions().WithSemanticCache(mode);

        Assert.Equal("answer 1", (await client.AskAsync(Question, In(SemanticCacheMode.ReadOnly))).Text);
        Assert.Equal("answer 2", (await client.AskAsync(Question)).Text);
        Assert.Equal("answer 2", (await client.AskAsync(Similar, In(SemanticCacheMode.ReadOnly), isStreaming: true)).Text);
        Assert.Equal("answer 3", (await client.AskAsync(Question, In(SemanticCacheMode.Bypass))).Text);
        Assert.Equal("answer 4", (await client.AskAsync(Question, In(SemanticCacheMode.Refresh), isStreaming: true)).Text);
        Assert.Equal("answer 4", (await client.AskAsync(Similar)).Text);
        Assert.Equal("answer 5", (await client.AskAsync(Question, In(SemanticCacheMode.Refresh))).Text);
        Assert.Equal("answer 5", (await client.AskAsync(Similar, isStreaming: true)).Text);
    }

    [Fact]
    public async Task Wish_for_a_fresh_answer_from_the_exact_cache_is_heard_by_the_semantic_cache_too()
    {
        using var provider = new ScriptedChatClient();
        using var client = provider.WithSemanticCache();
        await client.AskAsync(Question);

        await client.AskAsync(Similar, new ChatOptions().WithExactCache(LlmThrift.ExactCache.ExactCacheMode.Refresh));
        await client.AskAsync(Similar, new ChatOptions().WithExactCache(LlmThrift.ExactCache.ExactCacheMode.Bypass));

        Assert.Equal(3, provider.Calls);
    }

    [Fact]
    public void Semantic_cache_without_an_embedding_generator_is_refused_when_the_client_is_built()
    {
        var builder = new ScriptedChatClient().AsBuilder().UseSemanticCache();
        var refused = Assert.Throws<InvalidOperationException>(() => builder.Build(new FewServices()));
        Assert.Contains("services.AddMiniLmEmbeddings()", refused.Message, StringComparison.Ordinal);
        Assert.Contains("LlmThrift.Embeddings", refused.Message, StringComparison.Ordinal);
        Assert.Throws<InvalidOperationException>(() => new ScriptedChatClient().WithCostControls(o => o.UseSemanticCache = true));
    }

    [Fact]
    public async Task Embedding_generator_is_found_among_the_services_and_state_is_shared_by_the_clients_of_a_container()
    {
        using var provider = new ScriptedChatClient();
        var embedder = new FakeEmbeddingGenerator();
        var builder = provider.AsBuilder().UseSemanticCache(SemanticClients.Steady);
        using var client = builder.Build(new FewServices().With<IEmbeddingGenerator<string, Embedding<float>>>(embedder));

        await client.AskAsync(Question);
        await client.AskAsync(Similar);

        Assert.Equal(1, provider.Calls);
        Assert.Equal(2, embedder.Calls);
    }

    [Fact]
    public void Bad_options_are_all_named_at_once()
    {
        var refused = Assert.Throws<ArgumentException>(() =>
            new ScriptedChatClient().WithSemanticCache(configure: o =>
            {
                o.MaxErrorRate = 1;
                o.Expiration = TimeSpan.Zero;
                o.MaxEntries = 0;
                o.EmbeddingTimeout = TimeSpan.Zero;
                o.Mode = SemanticCacheMode.Refresh;
            })
        );

        foreach (var name in new[] { "MaxErrorRate", "Expiration", "MaxEntries", "EmbeddingTimeout", "Mode" })
        {
            Assert.Contains("SemanticCache." + name, refused.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Who_may_not_share_exact_answers_may_not_share_similar_ones()
    {
        using var provider = new ScriptedChatClient();
        using var client = provider.WithSemanticCache(configureAll: o => o.ExactCache.Partition = tags => tags.User);

        await client.AskAsync(Question, new ChatOptions().WithUser("ann"));
        await client.AskAsync(Similar, new ChatOptions().WithUser("bob"));
        Assert.Equal(2, provider.Calls);

        await client.AskAsync(Similar, new ChatOptions().WithUser("ann"));
        Assert.Equal(2, provider.Calls);
    }

    [Fact]
    public async Task Partition_that_fails_shares_with_nobody()
    {
        using var provider = new ScriptedChatClient();
        using var client = provider.WithSemanticCache(configure: o => o.Partition = _ => throw new InvalidOperationException());

        await client.AskAsync(Question);
        await client.AskAsync(Similar);

        Assert.Equal(2, provider.Calls);
        Assert.Equal(2, client.GetService<CostReport>()!.GetSummary().PassedBy["semantic_cache: partition_failed"]);
    }

    [Fact]
    public void Options_are_read_from_configuration()
    {
        CostControlOptions? read = null;
        var configuration = new ConfigurationBuilder()
            .AddInMemoryCollection(
                new Dictionary<string, string?>
                {
                    ["UseSemanticCache"] = "true",
                    ["SemanticCache:Mode"] = "shadow",
                    ["SemanticCache:MaxErrorRate"] = "0.02",
                    ["SemanticCache:Expiration"] = "01:00:00",
                    ["SemanticCache:EmbeddingTimeout"] = "00:00:00.0700000",
                    ["SemanticCache:StoreTimeout"] = "00:00:02",
                    ["SemanticCache:MaxEntries"] = "5",
                    ["SemanticCache:MaxBytes"] = "6000",
                    ["SemanticCache:MaxQuestionLength"] = "7",
                    ["SemanticCache:EarlierTurns"] = "MustBeEqual",
                    ["SemanticCache:MaxTemperature"] = "0.5",
                    ["SemanticCache:IgnoredProperties:0"] = "trace",
                }
            )
            .Build();
        var services = new ServiceCollection();
        services.AddSingleton<IEmbeddingGenerator<string, Embedding<float>>>(new FakeEmbeddingGenerator());
        services.AddCostControls(configuration);
        services.AddChatClient(new ScriptedChatClient()).UseCostControls(o => read = o);
        using var provider = services.BuildServiceProvider();

        Assert.NotNull(provider.GetRequiredService<IChatClient>().GetService<SemanticCacheManager>());
        var options = read!.SemanticCache;
        Assert.Equal(
            (SemanticCacheMode.Shadow, 0.02, EarlierTurns.MustBeEqual),
            (options.Mode, options.MaxErrorRate, options.EarlierTurns)
        );
        Assert.Equal(TimeSpan.FromHours(1), options.Expiration);
        Assert.Equal((TimeSpan.FromMilliseconds(70), TimeSpan.FromSeconds(2)), (options.EmbeddingTimeout, options.StoreTimeout));
        Assert.Equal(
            (5, 6_000L, 7, 0.5f),
            (options.MaxEntries, options.MaxBytes, options.MaxQuestionLength, options.MaxTemperature!.Value)
        );
        Assert.Equal(["trace"], options.IgnoredProperties);
    }

    [Theory]
    [InlineData("Mode", "4")]
    [InlineData("EarlierTurns", "sometimes")]
    [InlineData("MaxErrorRate", "1 %")]
    [InlineData("Threshold", "0.9")]
    public void Bad_value_or_name_in_configuration_is_refused(string name, string value)
    {
        var configuration = new ConfigurationBuilder()
            .AddInMemoryCollection(new Dictionary<string, string?> { ["SemanticCache:" + name] = value })
            .Build();

        var refused = Assert.Throws<ArgumentException>(() =>
            new ScriptedChatClient().AsBuilder().UseCostControls(configuration).Build(new FewServices())
        );

        Assert.Contains("SemanticCache:" + name, refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Scorer_that_fails_costs_the_hit_and_not_the_call()
    {
        using var provider = new ScriptedChatClient();
        using var client = provider.WithSemanticCache(configure: o => o.PairScorer = new FixedScorer(float.NaN));
        await client.AskAsync(Question);

        Assert.Equal("Hello, world.", (await client.AskAsync(Similar)).Text);

        Assert.Equal(2, provider.Calls);
        Assert.Equal(1, client.GetService<CostReport>()!.GetSummary().PassedBy["semantic_cache: decision_failed"]);
    }

    [Fact]
    public async Task Scorer_of_the_embedding_generator_is_used()
    {
        using var provider = new ScriptedChatClient();
        using var client = provider.WithSemanticCache(new FakeEmbeddingGenerator { Service = new FixedScorer(0.1f) });

        await client.AskAsync(Question);
        await client.AskAsync(Similar);

        Assert.Equal(2, provider.Calls);
    }

    [Fact]
    public async Task Log_has_numbers_and_never_the_text()
    {
        var log = new RecordingLoggerFactory();
        using var client = ScriptedChatClient
            .Echo()
            .AsBuilder()
            .UseSemanticCache(new FakeEmbeddingGenerator(), SemanticClients.Steady)
            .Build(new FewServices().With<Microsoft.Extensions.Logging.ILoggerFactory>(log));
        await client.AskAsync(Question);

        await client.AskAsync(Similar);

        Assert.Contains(log.Entries, e => e.Message.Contains("hit 1 of entry 1", StringComparison.Ordinal));
        Assert.DoesNotContain(log.Entries, e => e.Message.Contains("opening", StringComparison.OrdinalIgnoreCase));
    }

    /// <summary>Gives every pair one score; NaN throws.</summary>
    private sealed class FixedScorer(float score) : IQuestionPairScorer
    {
        public float Score(in QuestionPair pair) => float.IsNaN(score) ? throw new InvalidOperationException() : score;
    }
}
