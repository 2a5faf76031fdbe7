using LlmThrift.Diagnostics;
using LlmThrift.ExactCache;
using LlmThrift.Metering;
using LlmThrift.TestKit;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.Caching.Distributed;
using Xunit;

namespace LlmThrift.Tests.ExactCache;

public sealed class ExactCacheTests
{
    [Theory]
    [InlineData(false, false)]
    [InlineData(false, true)]
    [InlineData(true, false)]
    [InlineData(true, true)]
    public async Task Same_question_again_is_answered_without_the_provider(bool firstStreams, bool secondStreams)
    {
        using var provider = new ScriptedChatClient();
        using var client = provider.WithCostControls();

        var first = await AskAsync(client, firstStreams);
        var second = await AskAsync(client, secondStreams);

        Assert.Equal(1, provider.Calls);
        Assert.Equal(first.Text, second.Text);
        Assert.Equal(ChatFinishReason.Stop, second.FinishReason);
        Assert.Equal("gpt-4o", second.ModelId);
        Assert.Equal("response-1", second.ResponseId);
        Assert.Equal(ChatRole.Assistant, Assert.Single(second.Messages).Role);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Hit_reports_no_billed_tokens_and_what_was_avoided_apart(bool isStreaming)
    {
        using var provider = new ScriptedChatClient();
        using var client = provider.WithCostControls();
        await AskAsync(client, isStreaming);
        CallRecord? record = null;

        var hit = await AskAsync(client, isStreaming, new ChatOptions().WithCallRecord(r => record = r));

        Assert.Equal(0, hit.Usage?.InputTokenCount);
        Assert.Equal(0, hit.Usage?.OutputTokenCount);
        Assert.Equal(0, hit.Usage?.TotalTokenCount);
        Assert.Equal(CostStages.ExactCache, record?.ServedBy);
        Assert.Equal(0m, record?.ActualCost);
        Assert.Equal((100 * 2.5m + 20 * 10m) / 1_000_000m, record?.Saving);
        Assert.Equal(0, record?.BilledUsage.InputTokens);
        Assert.Equal(100, record?.BaselineUsage.InputTokens);
    }

    [Fact]
    public async Task Hit_as_a_stream_comes_in_the_chunks_that_were_recorded()
    {
        using var provider = new ScriptedChatClient();
        using var client = provider.WithCostControls();
        await AskAsync(client, isStreaming: true);

        var updates = await client.GetStreamingResponseAsync("question").ToListAsync();

        Assert.Equal(["Hello", ", ", "world", "."], updates.Select(u => u.Text).Where(text => text.Length > 0));
        Assert.Equal(ChatFinishReason.Stop, updates.Select(u => u.FinishReason).Single(reason => reason is not null));
    }

    [Theory]
    [InlineData("We are open from nine to five, Monday to Friday.\n\nOn Saturdays from ten to two, and never on Sundays.", 5)]
    [InlineData(
        "我们的营业时间是周一至周五上午九点到下午五点，周六上午十点到下午两点，周日不营业。请提前预约，谢谢您的理解与支持，祝您生活愉快。",
        2
    )]
    [InlineData("short", 1)]
    public async Task Hit_of_a_whole_response_comes_as_a_stream_of_a_few_words_at_a_time(string answer, int chunks)
    {
        using var client = new ScriptedChatClient(ScriptedAnswer.Saying(answer)).WithCostControls();
        await AskAsync(client, isStreaming: false);

        var updates = await client.GetStreamingResponseAsync("question").ToListAsync();

        Assert.Equal(answer, string.Concat(updates.Select(u => u.Text)));
        Assert.Equal(chunks, updates.Count(u => u.Text.Length > 0));
        Assert.Equal(answer, Assert.IsType<TextContent>(Assert.Single(updates.ToChatResponse().Messages[0].Contents)).Text);
    }

    [Fact]
    public async Task Hit_keeps_reasoning_tool_calls_and_citations()
    {
        using var provider = new ScriptedChatClient(
            new ScriptedAnswer
            {
                FinishReason = ChatFinishReason.ToolCalls,
                MoreContents =
                [
                    new TextReasoningContent("thinking") { ProtectedData = "sealed" },
                    new FunctionCallContent("call_1", "look_up", new Dictionary<string, object?> { ["where"] = "here" }),
                    new TextContent("cited") { Annotations = [new CitationAnnotation { Title = "Source" }] },
                ],
            }
        );
        using var client = provider.WithCostControls();
        await AskAsync(client, isStreaming: true);

        foreach (var isStreaming in new[] { false, true })
        {
            var contents = (await AskAsync(client, isStreaming)).Messages.Single().Contents;
            var reasoning = Assert.Single(contents.OfType<TextReasoningContent>());
            Assert.Equal(("thinking", "sealed"), (reasoning.Text, reasoning.ProtectedData));
            var call = Assert.Single(contents.OfType<FunctionCallContent>());
            Assert.Equal(("call_1", "look_up", "here"), (call.CallId, call.Name, call.Arguments?["where"]?.ToString()));
            Assert.Equal("Source", Assert.IsType<CitationAnnotation>(contents[^1].Annotations?.Single()).Title);
        }

        Assert.Equal(1, provider.Calls);
    }

    [Fact]
    public async Task Caller_who_changes_an_answer_does_not_change_the_next_ones()
    {
        using var client = new ScriptedChatClient().WithCostControls();
        var first = await AskAsync(client, isStreaming: false);
        ((TextContent)first.Messages[0].Contents[0]).Text = "spoilt";
        var second = await AskAsync(client, isStreaming: false);
        second.Messages[0].Contents.Clear();
        second.Messages.Clear();

        var third = await AskAsync(client, isStreaming: false);

        Assert.Equal("Hello, world.", third.Text);
    }

    public static TheoryData<string, ScriptedAnswer> WhatIsNotStored =>
        new()
        {
            {
                "finish_length",
                new ScriptedAnswer { FinishReason = ChatFinishReason.Length }
            },
            {
                "finish_content_filter",
                new ScriptedAnswer { FinishReason = ChatFinishReason.ContentFilter }
            },
            {
                "empty_answer",
                new ScriptedAnswer { Chunks = [] }
            },
            {
                "empty_answer",
                new ScriptedAnswer { Chunks = [""] }
            },
            {
                "error_content",
                new ScriptedAnswer { MoreContents = [new ErrorContent("sorry")] }
            },
        };

    [Theory]
    [MemberData(nameof(WhatIsNotStored))]
    public async Task Answer_that_is_not_whole_is_not_stored(string reason, ScriptedAnswer answer)
    {
        using var provider = new ScriptedChatClient(answer);
        using var client = provider.WithCostControls();

        await AskAsync(client, isStreaming: true);
        await AskAsync(client, isStreaming: false);
        await AskAsync(client, isStreaming: true);

        Assert.Equal(3, provider.Calls);
        Assert.Equal(3, client.GetService<CostReport>()!.GetSummary().PassedBy["exact_cache: not_stored_" + reason]);
    }

    [Fact]
    public async Task Stream_that_ends_without_a_finish_reason_is_not_stored_but_a_whole_response_is()
    {
        using var provider = new ScriptedChatClient(new ScriptedAnswer { FinishReason = null });
        using var client = provider.WithCostControls();

        await AskAsync(client, isStreaming: true);
        await AskAsync(client, isStreaming: true);
        Assert.Equal(2, provider.Calls);

        await AskAsync(client, isStreaming: false);
        await AskAsync(client, isStreaming: false);
        Assert.Equal(3, provider.Calls);
    }

    [Fact]
    public async Task Failed_and_abandoned_answers_are_not_stored()
    {
        var answers = new Queue<ScriptedAnswer>([
            ScriptedAnswer.Failing(new TimeoutException(), afterChunks: 2),
            new ScriptedAnswer { GateAfterFirstChunk = new TaskCompletionSource().Task },
            new ScriptedAnswer(),
        ]);
        using var provider = new ScriptedChatClient((_, _) => answers.Dequeue());
        using var client = provider.WithCostControls();

        await Assert.ThrowsAsync<TimeoutException>(() => AskAsync(client, isStreaming: true));
        await foreach (var _ in client.GetStreamingResponseAsync("question"))
        {
            break;
        }

        var response = await AskAsync(client, isStreaming: true);

        Assert.Equal("Hello, world.", response.Text);
        Assert.Equal(3, provider.Calls);
    }

    public static TheoryData<string, Action<ChatOptions>> WhatIsPassedBy =>
        new()
        {
            { "bypass", o => o.WithExactCache(ExactCacheMode.Bypass) },
            { "conversation_id", o => o.ConversationId = "c1" },
            { "background_responses", o => o.AllowBackgroundResponses = true },
            { "raw_representation", o => o.RawRepresentationFactory = _ => new object() },
            { "temperature", o => o.Temperature = 1.5f },
            { "hosted_tool", o => o.Tools = [new HostedWebSearchTool()] },
        };

    [Theory]
    [MemberData(nameof(WhatIsPassedBy))]
    public async Task Request_that_cannot_be_cached_safely_is_passed_by_and_counted(string reason, Action<ChatOptions> change)
    {
        using var provider = new ScriptedChatClient();
        using var client = provider.WithCostControls();
        foreach (var isStreaming in new[] { false, true })
        {
            var options = new ChatOptions();
            change(options);
            await AskAsync(client, isStreaming, options);
        }

        Assert.Equal(2, provider.Calls);
        Assert.Equal(2, client.GetService<CostReport>()!.GetSummary().PassedBy["exact_cache: " + reason]);
        Assert.Equal(0, client.GetService<ExactCacheManager>()!.Count);
    }

    [Fact]
    public async Task Request_with_a_raw_representation_is_cached_under_a_key_that_the_app_names()
    {
        using var provider = new ScriptedChatClient();
        using var client = provider.WithCostControls();
        ChatOptions Options(string key) => new ChatOptions { RawRepresentationFactory = _ => new object() }.WithCacheKey(key);

        await AskAsync(client, false, Options("a"));
        await AskAsync(client, false, Options("a"));
        await AskAsync(client, false, Options("b"));

        Assert.Equal(2, provider.Calls);
    }

    [Fact]
    public async Task High_temperature_with_a_seed_is_cached()
    {
        using var provider = new ScriptedChatClient();
        using var client = provider.WithCostControls();

        await AskAsync(client, false, new ChatOptions { Temperature = 1.5f, Seed = 1 });
        await AskAsync(client, false, new ChatOptions { Temperature = 1.5f, Seed = 1 });

        Assert.Equal(1, provider.Calls);
    }

    [Fact]
    public async Task Tenants_do_not_share_answers_but_users_and_features_do()
    {
        using var provider = new ScriptedChatClient();
        using var client = provider.WithCostControls();

        await AskAsync(client, false, new ChatOptions().WithTenant("a").WithUser("u1").WithFeature("f1"));
        await AskAsync(client, false, new ChatOptions().WithTenant("a").WithUser("u2").WithFeature("f2"));
        Assert.Equal(1, provider.Calls);

        await AskAsync(client, false, new ChatOptions().WithTenant("b"));
        await AskAsync(client, false, new ChatOptions());
        Assert.Equal(3, provider.Calls);
    }

    [Fact]
    public async Task Refresh_replaces_the_answer_and_read_only_stores_none()
    {
        var number = 0;
        using var provider = new ScriptedChatClient((_, _) => ScriptedAnswer.Saying($"answer {++number}"));
        using var client = provider.WithCostControls();

        Assert.Equal("answer 1", (await AskAsync(client, false, new ChatOptions().WithExactCache(ExactCacheMode.ReadOnly))).Text);
        Assert.Equal("answer 2", (await AskAsync(client, false)).Text);
        Assert.Equal("answer 2", (await AskAsync(client, true, new ChatOptions().WithExactCache(ExactCacheMode.ReadOnly))).Text);
        Assert.Equal("answer 3", (await AskAsync(client, true, new ChatOptions().WithExactCache(ExactCacheMode.Refresh))).Text);
        Assert.Equal("answer 3", (await AskAsync(client, false)).Text);
        Assert.Equal("answer 4", (await AskAsync(client, false, new ChatOptions().WithExactCache(ExactCacheMode.Refresh))).Text);
        Assert.Equal("answer 4", (await AskAsync(client, true)).Text);
        Assert.Equal(4, provider.Calls);
    }

    [Fact]
    public async Task Answer_expires()
    {
        var clock = new ManualClock();
        using var provider = new ScriptedChatClient();
        using var client = provider
            .AsBuilder()
            .UseCostControls(o => o.ExactCache.Expiration = TimeSpan.FromHours(1))
            .Build(new FewServices().With<TimeProvider>(clock));

        await AskAsync(client, false);
        clock.Advance(TimeSpan.FromMinutes(59));
        await AskAsync(client, false);
        Assert.Equal(1, provider.Calls);

        clock.Advance(TimeSpan.FromMinutes(2));
        await AskAsync(client, false, new ChatOptions().WithCacheExpiration(TimeSpan.FromMinutes(5)));
        Assert.Equal(2, provider.Calls);

        clock.Advance(TimeSpan.FromMinutes(6));
        await AskAsync(client, false);
        Assert.Equal(3, provider.Calls);
    }

    [Fact]
    public async Task Answers_are_removed_by_tag_and_all_together()
    {
        using var provider = ScriptedChatClient.Echo();
        using var client = provider.WithCostControls();
        var manager = client.GetService<ExactCacheManager>()!;
        await client.GetResponseAsync("one", new ChatOptions().WithCacheTags("red", "all"));
        await client.GetResponseAsync("two", new ChatOptions().WithCacheTags("blue", "all"));
        Assert.Equal(2, manager.Count);
        Assert.True(manager.Bytes > 0);

        await manager.RemoveByTagAsync("red");
        Assert.Equal(1, manager.Count);
        await client.GetResponseAsync("two", new ChatOptions().WithCacheTags("green"));
        Assert.Equal(2, provider.Calls);
        await client.GetResponseAsync("one");
        Assert.Equal(3, provider.Calls);

        await manager.ClearAsync();
        Assert.Equal((0, 0L), (manager.Count, manager.Bytes));
        await client.GetResponseAsync("one");
        Assert.Equal(4, provider.Calls);
    }

    [Fact]
    public async Task Answer_that_was_being_made_when_its_tag_was_removed_is_not_stored()
    {
        var clock = new ManualClock();
        var gate = new TaskCompletionSource();
        using var provider = new ScriptedChatClient(new ScriptedAnswer { Gate = gate.Task });
        using var client = provider.AsBuilder().UseCostControls().Build(new FewServices().With<TimeProvider>(clock));
        var asking = client.GetResponseAsync("question", new ChatOptions().WithCacheTags("red"));
        clock.Advance(TimeSpan.FromSeconds(1));

        await client.GetService<ExactCacheManager>()!.RemoveByTagAsync("red");
        gate.SetResult();
        await asking;

        Assert.Equal(0, client.GetService<ExactCacheManager>()!.Count);
    }

    [Fact]
    public async Task Store_is_bounded_in_entries_and_in_bytes()
    {
        using var provider = ScriptedChatClient.Echo();
        using var few = provider.WithCostControls(o => o.ExactCache.MaxEntries = 10);
        using var small = provider.WithCostControls(o => o.ExactCache.MaxBytes = 5_000);
        for (var i = 0; i < 100; i++)
        {
            await few.GetResponseAsync($"question {i}");
            await small.GetResponseAsync($"question {i}");
        }

        Assert.Equal(10, few.GetService<ExactCacheManager>()!.Count);
        Assert.InRange(small.GetService<ExactCacheManager>()!.Bytes, 1, 5_000);
    }

    [Fact]
    public async Task Distributed_cache_serves_another_process()
    {
        var distributed = new MemoryDistributedStore();
        using var provider = new ScriptedChatClient();
        using var one = provider.AsBuilder().UseCostControls().Build(new FewServices().With<IDistributedCache>(distributed));
        using var other = provider.AsBuilder().UseCostControls().Build(new FewServices().With<IDistributedCache>(distributed));
        await AskAsync(one, isStreaming: true);
        await UntilStoredAsync(distributed);

        var response = await AskAsync(other, isStreaming: true);
        var again = await AskAsync(other, isStreaming: false);

        Assert.Equal(1, provider.Calls);
        Assert.Equal("Hello, world.", response.Text);
        Assert.Equal("Hello, world.", again.Text);
        Assert.Equal(2, other.GetService<CostReport>()!.GetSummary().Total.CallsServedByStage[CostStages.ExactCache]);
    }

    [Fact]
    public async Task Removal_by_tag_reaches_what_another_process_left_in_the_distributed_cache()
    {
        var distributed = new MemoryDistributedStore();
        using var provider = new ScriptedChatClient();
        using var one = provider.AsBuilder().UseCostControls().Build(new FewServices().With<IDistributedCache>(distributed));
        using var other = provider.AsBuilder().UseCostControls().Build(new FewServices().With<IDistributedCache>(distributed));
        await AskAsync(one, false, new ChatOptions().WithCacheTags("red"));
        await UntilStoredAsync(distributed);

        await other.GetService<ExactCacheManager>()!.RemoveByTagAsync("red");
        await AskAsync(other, false, new ChatOptions().WithCacheTags("red"));

        Assert.Equal(2, provider.Calls);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(4)]
    [InlineData(9)]
    [InlineData(40)]
    public async Task Damaged_or_older_payload_is_a_miss(int damagedByte)
    {
        var distributed = new MemoryDistributedStore();
        using var provider = new ScriptedChatClient();
        using var one = provider.AsBuilder().UseCostControls().Build(new FewServices().With<IDistributedCache>(distributed));
        await AskAsync(one, false);
        await UntilStoredAsync(distributed);
        distributed.Entries.Single().Value[damagedByte] ^= 1;
        using var other = provider.AsBuilder().UseCostControls().Build(new FewServices().With<IDistributedCache>(distributed));

        var response = await AskAsync(other, false);

        Assert.Equal("Hello, world.", response.Text);
        Assert.Equal(2, provider.Calls);
    }

    [Fact]
    public async Task Failing_store_is_logged_once_without_content_and_not_noticed()
    {
        var loggers = new RecordingLoggerFactory();
        var distributed = new MemoryDistributedStore { Failure = new TimeoutException("secret question") };
        using var client = new ScriptedChatClient()
            .AsBuilder()
            .UseCostControls()
            .Build(new FewServices().With<IDistributedCache>(distributed).With<Microsoft.Extensions.Logging.ILoggerFactory>(loggers));

        for (var i = 0; i < 5; i++)
        {
            Assert.Equal("Hello, world.", (await client.GetResponseAsync($"secret question {i}")).Text);
        }

        var warnings = loggers.Entries.Where(entry => entry.Level == Microsoft.Extensions.Logging.LogLevel.Warning).ToList();
        Assert.Equal(2, warnings.Count); // one for reads, one for writes
        Assert.DoesNotContain(loggers.Entries, entry => entry.Message.Contains("secret", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Store_that_never_answers_does_not_hold_up_a_call()
    {
        var distributed = new MemoryDistributedStore { Gate = new TaskCompletionSource().Task };
        using var client = new ScriptedChatClient()
            .AsBuilder()
            .UseCostControls(o => o.ExactCache.StoreTimeout = TimeSpan.FromMilliseconds(20))
            .Build(new FewServices().With<IDistributedCache>(distributed));

        foreach (var mode in new[] { ExactCacheMode.Default, ExactCacheMode.Refresh, ExactCacheMode.ReadOnly })
        {
            var response = await AskAsync(client, false, new ChatOptions().WithExactCache(mode)).WaitAsync(TimeSpan.FromSeconds(30));
            Assert.Equal("Hello, world.", response.Text);
        }
    }

    [Fact]
    public async Task Answer_that_has_ended_is_not_shared_while_the_store_still_writes_it()
    {
        var clock = new ManualClock();
        var distributed = new MemoryDistributedStore();
        var number = 0;
        using var provider = new ScriptedChatClient(
            (_, _) =>
            {
                // Reading is over, writing will never be.
                distributed.Gate = new TaskCompletionSource().Task;
                return ScriptedAnswer.Saying($"answer {++number}");
            }
        );
        using var client = provider
            .AsBuilder()
            .UseCostControls(o => o.ExactCache.StoreTimeout = TimeSpan.FromHours(1))
            .Build(new FewServices().With<IDistributedCache>(distributed).With<TimeProvider>(clock));
        var briefly = new ChatOptions().WithCacheExpiration(TimeSpan.FromMinutes(5));

        Assert.Equal("answer 1", (await AskAsync(client, false, briefly)).Text);
        Assert.Equal("answer 1", (await AskAsync(client, false, briefly)).Text);
        clock.Advance(TimeSpan.FromMinutes(6));
        distributed.Gate = null;
        Assert.Equal("answer 2", (await AskAsync(client, false, briefly)).Text);
    }

    [Fact]
    public async Task Store_that_made_calls_wait_in_vain_is_left_alone_for_longer_each_time()
    {
        var clock = new ManualTimeProvider();
        var distributed = new MemoryDistributedStore { Gate = new TaskCompletionSource().Task };
        using var client = new ScriptedChatClient()
            .AsBuilder()
            .UseCostControls()
            .Build(new FewServices().With<IDistributedCache>(distributed).With<TimeProvider>(clock));
        var question = 0;
        foreach (var rest in new[] { 2, 4, 8, 16, 30, 30 })
        {
            var asking = Task.WhenAll(Enumerable.Range(0, 10).Select(_ => client.GetResponseAsync($"question {question++}")));
            while (!asking.IsCompleted)
            {
                clock.Advance(TimeSpan.FromMilliseconds(50));
                await Task.WhenAny(asking, Task.Delay(5));
            }

            await asking;
            Assert.Equal(rest == 2 ? 10 : 1, distributed.Asked);
            distributed.Asked = 0;
            clock.Advance(TimeSpan.FromSeconds(rest - 1));
            await client.GetResponseAsync($"question {question++}");
            Assert.Equal(0, distributed.Asked);
            clock.Advance(TimeSpan.FromSeconds(1));
        }

        distributed.Gate = null;
        await client.GetResponseAsync("question 0 again");
        await UntilAskedAsync(2);
        await client.GetResponseAsync("and another");
        await UntilAskedAsync(4);

        // An answer is written while its caller has it already.
        async Task UntilAskedAsync(int times)
        {
            for (var tries = 0; distributed.Asked < times; tries++)
            {
                Assert.True(tries < 2_000, $"It was asked {distributed.Asked} times, not {times}.");
                await Task.Delay(5);
            }

            Assert.Equal(times, distributed.Asked);
        }
    }

    [Fact]
    public async Task Partition_that_cannot_be_told_is_shared_with_nobody()
    {
        using var provider = new ScriptedChatClient();
        using var client = provider.WithCostControls(o => o.ExactCache.Partition = _ => throw new InvalidOperationException("no request"));

        await AskAsync(client, false);
        await AskAsync(client, true);

        Assert.Equal(2, provider.Calls);
        Assert.Equal(2, client.GetService<CostReport>()!.GetSummary().PassedBy["exact_cache: partition_failed"]);
    }

    [Fact]
    public async Task In_memory_distributed_cache_is_left_alone()
    {
        using var client = new ScriptedChatClient()
            .AsBuilder()
            .UseCostControls()
            .Build(new FewServices().With<IDistributedCache>(new MemoryDistributedCache()));

        await AskAsync(client, false);

        Assert.Equal(1, client.GetService<ExactCacheManager>()!.Count);
    }

    /// <summary>Named like the framework's cache in this process's own memory.</summary>
    private sealed class MemoryDistributedCache : IDistributedCache
    {
        public byte[]? Get(string key) => throw new InvalidOperationException();

        public Task<byte[]?> GetAsync(string key, CancellationToken token = default) => throw new InvalidOperationException();

        public void Refresh(string key) => throw new InvalidOperationException();

        public Task RefreshAsync(string key, CancellationToken token = default) => throw new InvalidOperationException();

        public void Remove(string key) => throw new InvalidOperationException();

        public Task RemoveAsync(string key, CancellationToken token = default) => throw new InvalidOperationException();

        public void Set(string key, byte[] value, DistributedCacheEntryOptions options) => throw new InvalidOperationException();

        public Task SetAsync(string key, byte[] value, DistributedCacheEntryOptions options, CancellationToken token = default) =>
            throw new InvalidOperationException();
    }

    private static async Task UntilStoredAsync(MemoryDistributedStore store)
    {
        using var timeout = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        while (store.Entries.IsEmpty)
        {
            await Task.Delay(5, timeout.Token);
        }
    }

    private static Task<ChatResponse> AskAsync(IChatClient client, bool isStreaming, ChatOptions? options = null) =>
        isStreaming
            ? client.GetStreamingResponseAsync("question", options).ToChatResponseAsync()
            : client.GetResponseAsync("question", options);
}
