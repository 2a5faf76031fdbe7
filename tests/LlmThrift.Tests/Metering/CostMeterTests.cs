using System.Diagnostics;
using System.Diagnostics.Metrics;
using LlmThrift.Diagnostics;
using LlmThrift.Metering;
using LlmThrift.Pricing;
using LlmThrift.TestKit;
using LlmThrift.Tokens;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.Logging;
using Xunit;

namespace LlmThrift.Tests.Metering;

public sealed class CostMeterTests
{
    private const decimal HelloCost = ((100 * 2.5m) + (20 * 10m)) / 1_000_000m;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Record_of_a_call_says_what_it_cost_for_whom(bool isStreaming)
    {
        using var client = new ScriptedChatClient().AsBuilder().UseCostMeter().Build();
        CallRecord? record = null;
        var options = new ChatOptions { ModelId = "gpt-4o" }
            .WithTenant("acme")
            .WithFeature("faq")
            .WithUser("u1")
            .WithCallRecord(r => record = r);

        await AskAsync(client, isStreaming, options);

        Assert.Equal(new CallTags("acme", "faq", "u1"), record!.Tags);
        Assert.Equal(("openai", "gpt-4o", "gpt-4o"), (record.Provider, record.RequestedModel, record.Model));
        Assert.Equal((isStreaming, CallOutcome.Completed, false), (record.IsStreaming, record.Outcome, record.IsEstimated));
        Assert.Equal((100, 20), (record.BilledUsage.InputTokens, record.BilledUsage.OutputTokens));
        Assert.Equal((HelloCost, HelloCost, 0m), (record.BaselineCost, record.ActualCost, record.Saving));
        Assert.Empty(record.SavingByStage);
        Assert.Equal(isStreaming, record.TimeToFirstUpdate is not null);
        var attempt = Assert.Single(record.Attempts);
        Assert.Equal((CostStages.Provider, HelloCost), (attempt.Stage, attempt.Cost));
    }

    [Fact]
    public async Task Response_and_last_update_carry_the_record()
    {
        using var client = new ScriptedChatClient().WithCostControls();

        var response = await client.GetResponseAsync("question");
        Assert.Equal(HelloCost, response.GetCallRecord()?.ActualCost);

        var updates = await client.GetStreamingResponseAsync("question").ToListAsync();
        Assert.Equal(CostStages.ExactCache, updates[^1].GetCallRecord()?.ServedBy);
        Assert.All(updates.SkipLast(1), update => Assert.Null(update.GetCallRecord()));
        Assert.Equal("Hello, world.", updates.ToChatResponse().Text);
        Assert.Single(updates.ToChatResponse().Messages);
    }

    [Fact]
    public async Task Record_does_not_leak_when_a_response_is_serialised()
    {
        using var client = new ScriptedChatClient().WithCostControls();

        var response = await client.GetResponseAsync("question");
        var json = System.Text.Json.JsonSerializer.Serialize(response, AIJsonUtilities.DefaultOptions);

        Assert.DoesNotContain("cost", json, StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task Provider_that_hands_out_one_response_for_ever_is_not_written_to()
    {
        var one = new ChatResponse(new ChatMessage(ChatRole.Assistant, "hi"))
        {
            Usage = new() { InputTokenCount = 1, OutputTokenCount = 1 },
        };
        using var client = new FixedClient(one).AsBuilder().UseCostMeter().Build();

        var first = await client.GetResponseAsync("a");
        var second = await client.GetResponseAsync("b");

        Assert.Null(one.AdditionalProperties);
        Assert.NotSame(first.GetCallRecord(), second.GetCallRecord());
    }

    [Fact]
    public async Task Discount_of_the_providers_cache_is_a_saving_of_its_own()
    {
        var usage = new UsageDetails
        {
            InputTokenCount = 1_000,
            OutputTokenCount = 100,
            CachedInputTokenCount = 800,
        };
        using var client = new ScriptedChatClient(new ScriptedAnswer { Usage = usage }).WithCostControls();

        var record = (await client.GetResponseAsync("question")).GetCallRecord()!;

        Assert.Equal(((200 * 2.5m) + (800 * 1.25m) + (100 * 10m)) / 1_000_000m, record.ActualCost);
        Assert.Equal(((1_000 * 2.5m) + (100 * 10m)) / 1_000_000m, record.BaselineCost);
        Assert.Equal(new StageSaving(CostStages.ProviderCache, 800 * 1.25m / 1_000_000m), Assert.Single(record.SavingByStage));
    }

    [Fact]
    public async Task Writing_the_providers_cache_costs_more_than_it_saves_until_it_is_read()
    {
        var usage = new UsageDetails
        {
            InputTokenCount = 1_000,
            OutputTokenCount = 0,
            AdditionalCounts = new() { ["CacheCreationInputTokens"] = 1_000 },
        };
        using var client = new ScriptedChatClient(new ScriptedAnswer { Usage = usage, ModelId = "claude-sonnet-4-5" })
        {
            Metadata = new ChatClientMetadata("anthropic", null, "claude-sonnet-4-5"),
        }.WithCostControls();

        var record = (await client.GetResponseAsync("question")).GetCallRecord()!;

        Assert.True(record.Saving < 0);
        Assert.Equal(CostStages.ProviderCache, Assert.Single(record.SavingByStage).Stage);
    }

    [Fact]
    public async Task Usage_of_a_stream_is_the_highest_of_each_count_not_their_sum()
    {
        static UsageContent Usage(long? input, long? output) =>
            new(new UsageDetails { InputTokenCount = input, OutputTokenCount = output });
        using var client = new ScriptedChatClient(
            new ScriptedAnswer { MoreContents = [Usage(50, 1), Usage(null, 20), Usage(50, 30)], Usage = null }
        )
            .AsBuilder()
            .UseCostMeter()
            .Build();

        var record = (await client.GetStreamingResponseAsync("question").ToListAsync())[^1].GetCallRecord()!;

        Assert.Equal((50, 30, false), (record.BilledUsage.InputTokens, record.BilledUsage.OutputTokens, record.IsEstimated));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Provider_that_reports_nothing_is_counted_and_marked_as_estimated(bool isStreaming)
    {
        using var client = new ScriptedChatClient(new ScriptedAnswer { Usage = null }).AsBuilder().UseCostMeter().Build();
        CallRecord? record = null;

        await AskAsync(client, isStreaming, new ChatOptions().WithCallRecord(r => record = r));

        var output = BytePairEncoding.O200kBase.CountTokens("Hello, world.");
        Assert.True(record!.IsEstimated);
        Assert.Equal((8, output), (record.BilledUsage.InputTokens, record.BilledUsage.OutputTokens)); // 3 + user + question + 3
        Assert.True(record.ActualCost > 0);
    }

    [Fact]
    public async Task Broken_stream_is_settled_from_what_was_delivered()
    {
        using var client = new ScriptedChatClient(ScriptedAnswer.Failing(new TimeoutException("prompt"), afterChunks: 3))
            .AsBuilder()
            .UseCostMeter()
            .Build();
        CallRecord? record = null;

        await Assert.ThrowsAsync<TimeoutException>(() => AskAsync(client, true, new ChatOptions().WithCallRecord(r => record = r)));

        Assert.Equal((CallOutcome.Failed, typeof(TimeoutException).FullName), (record!.Outcome, record.ErrorType));
        Assert.True(record.IsEstimated);
        Assert.Equal(BytePairEncoding.O200kBase.CountTokens("Hello, world"), record.BilledUsage.OutputTokens);
        Assert.True(record.ActualCost > 0);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Call_that_fails_before_anything_came_costs_nothing(bool isStreaming)
    {
        using var client = new ScriptedChatClient(ScriptedAnswer.Failing(new HttpRequestException("429"))).WithCostControls();
        CallRecord? record = null;

        await Assert.ThrowsAsync<HttpRequestException>(() =>
            AskAsync(client, isStreaming, new ChatOptions().WithCallRecord(r => record = r))
        );

        Assert.Equal((CallOutcome.Failed, 0m, 0m), (record!.Outcome, record.ActualCost!.Value, record.BaselineCost!.Value));
    }

    [Fact]
    public async Task Abandoned_stream_is_settled_from_what_was_delivered()
    {
        using var client = new ScriptedChatClient(new ScriptedAnswer { GateAfterFirstChunk = new TaskCompletionSource().Task })
            .AsBuilder()
            .UseCostMeter()
            .Build();
        CallRecord? record = null;

        await foreach (var _ in client.GetStreamingResponseAsync("question", new ChatOptions().WithCallRecord(r => record = r)))
        {
            break;
        }

        Assert.Equal((CallOutcome.Abandoned, true, 1), (record!.Outcome, record.IsEstimated, record.BilledUsage.OutputTokens));
    }

    [Fact]
    public async Task Model_without_a_price_is_reported_as_unpriced_never_as_zero()
    {
        using var client = new ScriptedChatClient(new ScriptedAnswer { ModelId = "house-model" })
        {
            Metadata = new("house", null, "house-model"),
        }.WithCostControls();

        var record = (await client.GetResponseAsync("question")).GetCallRecord()!;
        var totals = client.GetService<CostReport>()!.GetSummary().Total;

        Assert.Equal((null, null, null), (record.BaselineCost, record.ActualCost, record.Saving));
        Assert.Empty(record.SavingByStage);
        Assert.Equal((1, 1, 0m), (totals.Calls, totals.UnpricedCalls, totals.ActualCost));
    }

    [Fact]
    public async Task Price_of_the_model_asked_for_is_used_when_the_one_that_answered_is_not_known()
    {
        using var client = new ScriptedChatClient(new ScriptedAnswer { ModelId = "my-deployment" }).WithCostControls();

        var record = (await client.GetResponseAsync("question", new ChatOptions { ModelId = "gpt-4o" })).GetCallRecord()!;

        Assert.Equal(HelloCost, record.ActualCost);
    }

    [Fact]
    public async Task Estimates_of_a_model_without_a_public_tokenizer_learn_from_what_is_reported()
    {
        var counter = new RequestTokenCounter();
        var before = counter.CountRequest([new ChatMessage(ChatRole.User, "question")], null, "claude-sonnet-4-5").Tokens;
        using var client = new ScriptedChatClient(
            new ScriptedAnswer
            {
                ModelId = "claude-sonnet-4-5",
                Usage = new() { InputTokenCount = before * 2, OutputTokenCount = 5 },
            }
        ).AsBuilder().UseCostMeter(o => o.TokenCounter = counter).Build();

        for (var i = 0; i < 50; i++)
        {
            await client.GetResponseAsync("question");
        }

        var after = counter.CountRequest([new ChatMessage(ChatRole.User, "question")], null, "claude-sonnet-4-5").Tokens;
        Assert.InRange(after, before + (before / 2), before * 2);
    }

    [Fact]
    public async Task Sink_or_callback_that_throws_does_not_fail_the_call_and_is_logged_once()
    {
        var loggers = new RecordingLoggerFactory();
        using var client = new ScriptedChatClient().WithCostControls(o => o.Metering.Sinks.Add(new ThrowingSink()), loggers);

        for (var i = 0; i < 3; i++)
        {
            var response = await client.GetResponseAsync(
                "q",
                new ChatOptions().WithCallRecord(_ => throw new InvalidOperationException("oops"))
            );
            Assert.Equal("Hello, world.", response.Text);
        }

        Assert.Equal(2, loggers.Entries.Count(entry => entry.Level == LogLevel.Warning));
        Assert.Equal(3, client.GetService<CostReport>()!.GetSummary().Total.Calls);
    }

    [Fact]
    public async Task Nothing_of_a_prompt_or_an_answer_is_logged()
    {
        var loggers = new RecordingLoggerFactory();
        using var client = new ScriptedChatClient(ScriptedAnswer.Saying("classified answer")).WithCostControls(loggerFactory: loggers);

        await client.GetResponseAsync("classified question");
        await client.GetStreamingResponseAsync("classified question").ToListAsync();

        Assert.NotEmpty(loggers.Entries);
        Assert.DoesNotContain(loggers.Entries, entry => entry.Message.Contains("classified", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Options_sent_a_second_time_by_somebody_in_between_are_a_new_call()
    {
        ChatOptions? kept = null;
        using var provider = new ScriptedChatClient();
        var records = new List<CallRecord>();
        using var client = provider
            .AsBuilder()
            .UseCostMeter(o => o.Sinks.Add(new ListSink(records)))
            .Use(inner => new KeepsOptions(inner, options => kept = options))
            .Build();
        await client.GetResponseAsync("one", new ChatOptions().WithTenant("acme"));

        await client.GetResponseAsync("two", kept);

        Assert.Equal(2, records.Count);
        Assert.All(records, r => Assert.Equal(HelloCost, r.ActualCost));
        Assert.All(records, r => Assert.Equal("acme", r.Tags.Tenant));
    }

    [Fact]
    public async Task State_dropped_by_somebody_in_between_does_not_bill_twice()
    {
        using var client = new ScriptedChatClient().AsBuilder().Use(inner => new DropsOptions(inner)).Build().WithCostControls();
        using var around = new ScriptedChatClient().AsBuilder().UseCostMeter().Use(inner => new DropsOptions(inner)).Build();

        Assert.Equal(HelloCost, (await client.GetResponseAsync("question")).GetCallRecord()?.ActualCost);
        Assert.Equal(HelloCost, (await around.GetResponseAsync("question")).GetCallRecord()?.ActualCost);
    }

    [Fact]
    public async Task Report_adds_up_by_model_tenant_feature_stage_and_hour()
    {
        var clock = new ManualClock();
        using var client = new ScriptedChatClient().AsBuilder().UseCostControls().Build(new FewServices().With<TimeProvider>(clock));
        await client.GetResponseAsync("q", new ChatOptions().WithTenant("a").WithFeature("faq"));
        await client.GetResponseAsync("q", new ChatOptions().WithTenant("a").WithFeature("faq"));
        clock.Advance(TimeSpan.FromHours(1));
        await client.GetResponseAsync("q", new ChatOptions().WithTenant("b"));
        var report = client.GetService<CostReport>()!;

        var summary = report.GetSummary();

        Assert.Equal((3, 3 * HelloCost, 2 * HelloCost), (summary.Total.Calls, summary.Total.BaselineCost, summary.Total.ActualCost));
        Assert.Equal(HelloCost, summary.Total.SavingByStage[CostStages.ExactCache]);
        Assert.Equal(1, summary.Total.CallsServedByStage[CostStages.ExactCache]);
        Assert.Equal(1 / 3.0, summary.Total.SavingShare, 9);
        Assert.Equal(3, summary.ByModel["gpt-4o"].Calls);
        Assert.Equal((2, 1), (summary.ByTenant["a"].Calls, summary.ByTenant["b"].Calls));
        Assert.Equal((2, 1), (summary.ByFeature["faq"].Calls, summary.ByFeature[CostReport.NoGroup].Calls));
        Assert.Equal([2L, 1L], summary.ByHour.OrderBy(pair => pair.Key).Select(pair => pair.Value.Calls));
        report.Clear();
        Assert.Equal(0, report.GetSummary().Total.Calls);
    }

    [Fact]
    public void Report_keeps_a_bounded_number_of_groups_and_hours()
    {
        var report = new CostReport();
        for (var i = 0; i < CostReport.MaxGroups + 500; i++)
        {
            report.Record(
                new CallRecord
                {
                    StartedAt = DateTimeOffset.UnixEpoch.AddHours(i),
                    Tags = new CallTags($"tenant {i}", null, null),
                    BilledUsage = TokenUsage.Empty,
                    BaselineUsage = TokenUsage.Empty,
                    BaselineCost = 1,
                    ActualCost = 1,
                }
            );
        }

        var summary = report.GetSummary();

        Assert.Equal(CostReport.MaxGroups + 1, summary.ByTenant.Count);
        Assert.Equal(500, summary.ByTenant[CostReport.OtherGroup].Calls);
        Assert.Equal(CostReport.MaxGroups + 500, summary.Total.Calls);
        Assert.InRange(summary.ByHour.Count, 700, (31 * 24) + 1);
    }

    [Fact]
    public async Task Metrics_and_activities_carry_cost_and_saving()
    {
        using var meterListener = new MeterListener();
        var measured = new System.Collections.Concurrent.ConcurrentBag<(string Name, double Value)>();
        var tenant = $"tenant {nameof(Metrics_and_activities_carry_cost_and_saving)}";
        meterListener.InstrumentPublished = (instrument, listener) =>
        {
            if (instrument.Meter.Name == TelemetryNames.Meter)
            {
                listener.EnableMeasurementEvents(instrument);
            }
        };
        meterListener.SetMeasurementEventCallback<double>((instrument, value, tags, _) => Note(instrument, value, tags));
        meterListener.SetMeasurementEventCallback<long>((instrument, value, tags, _) => Note(instrument, value, tags));
        meterListener.Start();
        var activities = new System.Collections.Concurrent.ConcurrentBag<Activity>();
        using var activityListener = new ActivityListener
        {
            ShouldListenTo = source => source.Name == TelemetryNames.ActivitySource,
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllData,
            ActivityStopped = activities.Add,
        };
        ActivitySource.AddActivityListener(activityListener);
        using var client = new ScriptedChatClient().WithCostControls();

        await client.GetResponseAsync("q", new ChatOptions().WithTenant(tenant));
        await client.GetResponseAsync("q", new ChatOptions().WithTenant(tenant));

        var mine = activities.Where(a => Equals(a.GetTagItem("llmthrift.tenant"), tenant)).ToList();
        Assert.Equal(2, mine.Count);
        Assert.All(mine, a => Assert.Equal("chat gpt-4o", a.DisplayName));
        Assert.Equal([CostStages.ExactCache, CostStages.Provider], mine.Select(a => (string?)a.GetTagItem("llmthrift.served_by")).Order());
        Assert.Contains(mine, a => Equals(a.GetTagItem("gen_ai.usage.input_tokens"), 100L));
        Assert.Equal((double)HelloCost, measured.Where(m => m.Name == TelemetryNames.ActualCost).Sum(m => m.Value), 12);
        Assert.Equal((double)HelloCost * 2, measured.Where(m => m.Name == TelemetryNames.BaselineCost).Sum(m => m.Value), 12);
        Assert.Equal((double)HelloCost, measured.Where(m => m.Name == TelemetryNames.Saving).Sum(m => m.Value), 12);

        // Other tests run at the same time: only what bears this test's tenant is counted.
        void Note(Instrument instrument, double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
        {
            foreach (var tag in tags)
            {
                if (tag.Key == "llmthrift.tenant" && Equals(tag.Value, tenant))
                {
                    measured.Add((instrument.Name, value));
                }
            }
        }
    }

    private static Task<ChatResponse> AskAsync(IChatClient client, bool isStreaming, ChatOptions options) =>
        isStreaming
            ? client.GetStreamingResponseAsync("question", options).ToChatResponseAsync()
            : client.GetResponseAsync("question", options);

    private sealed class ThrowingSink : ICallRecordSink
    {
        public void Record(CallRecord record) => throw new InvalidOperationException("the sink is full");
    }

    private sealed class ListSink(List<CallRecord> records) : ICallRecordSink
    {
        public void Record(CallRecord record) => records.Add(record);
    }

    private sealed class KeepsOptions(IChatClient inner, Action<ChatOptions?> keep) : DelegatingChatClient(inner)
    {
        public override Task<ChatResponse> GetResponseAsync(
            IEnumerable<ChatMessage> messages,
            ChatOptions? options = null,
            CancellationToken cancellationToken = default
        )
        {
            keep(options?.Clone());
            return base.GetResponseAsync(messages, options, cancellationToken);
        }
    }

    private sealed class DropsOptions(IChatClient inner) : DelegatingChatClient(inner)
    {
        public override Task<ChatResponse> GetResponseAsync(
            IEnumerable<ChatMessage> messages,
            ChatOptions? options = null,
            CancellationToken cancellationToken = default
        ) => base.GetResponseAsync(messages, new ChatOptions(), cancellationToken);
    }

    private sealed class FixedClient(ChatResponse response) : IChatClient
    {
        public Task<ChatResponse> GetResponseAsync(
            IEnumerable<ChatMessage> messages,
            ChatOptions? options = null,
            CancellationToken cancellationToken = default
        ) => Task.FromResult(response);

        public IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(
            IEnumerable<ChatMessage> messages,
            ChatOptions? options = null,
            CancellationToken cancellationToken = default
        ) => response.ToChatResponseUpdates().ToAsyncEnumerable();

        public object? GetService(Type serviceType, object? serviceKey = null) => null;

        public void Dispose() { }
    }
}
