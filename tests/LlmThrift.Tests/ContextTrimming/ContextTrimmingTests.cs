using System.Collections.Concurrent;
using LlmThrift.ContextTrimming;
using LlmThrift.Metering;
using LlmThrift.TestKit;
using Microsoft.Extensions.AI;
using Xunit;

namespace LlmThrift.Tests.ContextTrimming;

public sealed class ContextTrimmingTests
{
    private static readonly ChatMessage[] Long =
    [
        new(ChatRole.System, "You help customers of a bicycle shop."),
        .. Enumerable
            .Range(0, 40)
            .Select(i => new ChatMessage(
                i % 2 == 0 ? ChatRole.User : ChatRole.Assistant,
                $"Note {i}: " + string.Join(' ', Enumerable.Repeat("chain", 60))
            )),
        new(ChatRole.User, "What is in note 7?"),
    ];

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task What_is_left_out_is_a_saving_of_the_stage_and_all_adds_up(bool isStreaming)
    {
        using var provider = new ScriptedChatClient();
        CallRecord? record = null;
        using var client = provider
            .AsBuilder()
            .UseCostControls(o =>
            {
                o.UseContextTrimming = true;
                o.ContextTrimming.MaxTokens = 1_000;
                o.ContextTrimming.UseEmbeddings = false;
            })
            .Build();
        var options = new ChatOptions().WithCallRecord(r => record = r);

        _ = isStreaming
            ? await client.GetStreamingResponseAsync(Long, options).ToChatResponseAsync()
            : await client.GetResponseAsync(Long, options);

        Assert.True(provider.Requests.Single().Messages.Count < Long.Length / 2);
        var saving = record!.SavingByStage.Single(s => s.Stage == "context_trimming").Saving;
        Assert.True(saving > 0);
        Assert.Equal(record.BaselineCost - record.ActualCost, record!.SavingByStage.Sum(s => s.Saving));
        Assert.Contains(record.Notes, note => note is { Stage: "context_trimming", Reason: "trimmed" });
    }

    [Fact]
    public async Task Request_within_its_budget_goes_out_as_it_is()
    {
        using var provider = new ScriptedChatClient();
        using var client = provider.AsBuilder().UseContextTrimming(o => o.MaxTokens = 100_000).Build();

        await client.GetResponseAsync(Long);

        Assert.Equal(Long, provider.Requests.Single().Messages);
    }

    [Fact]
    public async Task Conversation_that_the_provider_keeps_is_passed_by()
    {
        using var provider = new ScriptedChatClient();
        using var client = provider.AsBuilder().UseContextTrimming(o => o.MaxTokens = 10).Build();

        await client.GetResponseAsync(Long, new ChatOptions { ConversationId = "kept there" });

        Assert.Equal(Long.Length, provider.Requests.Single().Messages.Count);
    }

    [Fact]
    public async Task Embedder_that_fails_leaves_the_choice_to_words()
    {
        using var provider = new ScriptedChatClient();
        using var client = provider
            .AsBuilder()
            .UseContextTrimming(o =>
                (o.MaxTokens, o.EmbeddingGenerator) = (1_000, new FakeEmbeddingGenerator { Failure = new HttpRequestException("down") })
            )
            .Build();

        await client.GetResponseAsync(Long);

        Assert.Contains(Long[8], provider.Requests.Single().Messages);
    }

    [Fact]
    public async Task Nothing_is_embedded_twice_while_a_conversation_grows()
    {
        var embedded = new List<string>();
        var embedder = new FakeEmbeddingGenerator
        {
            Script = text =>
            {
                embedded.Add(text);
                return [1, text.Length];
            },
        };
        var trimmer = new ContextTrimmer(
            new ContextTrimmingOptions
            {
                MaxTokens = 1_000,
                EmbeddingGenerator = embedder,
                EmbeddingTimeout = TimeSpan.FromSeconds(30),
            }
        );
        var messages = Long.ToList();
        for (var turn = 0; turn < 10; turn++)
        {
            // The app makes its messages anew each time, as from a database.
            await trimmer.TrimAsync([.. messages.Select(message => new ChatMessage(message.Role, message.Text))], modelId: "gpt-4o");
            messages.Add(new(ChatRole.Assistant, $"Answer {turn}"));
            messages.Add(new(ChatRole.User, $"Question {turn}"));
        }

        Assert.Equal(embedded.Distinct(StringComparer.Ordinal), embedded);
    }

    [Fact]
    public async Task Embeddings_that_come_late_are_not_asked_for_again_and_are_billed_by_themselves()
    {
        var gate = new TaskCompletionSource();
        var embedded = new ConcurrentQueue<string>();
        var embedder = new FakeEmbeddingGenerator
        {
            Metadata = new("openai", null, "text-embedding-3-small"),
            Gate = gate.Task,
            TokensPerCall = 1_000,
            Script = text =>
            {
                embedded.Enqueue(text);
                return [1, text.Length];
            },
        };
        using var provider = new ScriptedChatClient();
        var records = new ConcurrentQueue<CallRecord>();
        using var client = provider.WithCostControls(o =>
        {
            o.UseExactCache = false;
            o.UseContextTrimming = true;
            o.ContextTrimming.MaxTokens = 1_000;
            o.ContextTrimming.EmbeddingGenerator = embedder;
            o.ContextTrimming.EmbeddingTimeout = TimeSpan.FromMilliseconds(1);
            o.Metering.Sinks.Add(new Collector(records));
        });

        await client.GetResponseAsync(Long);
        await client.GetResponseAsync(Long);
        gate.SetResult();
        using var timeout = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        while (records.Count < 3)
        {
            await Task.Delay(1, timeout.Token);
        }

        Assert.Equal(1, embedder.Calls);
        Assert.Equal(embedded.Distinct(StringComparer.Ordinal), embedded);
        var upkeep = Assert.Single(records, record => record.IsUpkeep);
        Assert.Equal("text-embedding-3-small", upkeep.Attempts.Single().Model);
        Assert.Equal(-0.00002m, upkeep.SavingByStage.Single(part => part.Stage == "context_trimming").Saving);
    }

    [Fact]
    public async Task Embeddings_that_are_there_in_time_are_billed_to_the_call()
    {
        using var provider = new ScriptedChatClient();
        CallRecord? record = null;
        using var client = provider.WithCostControls(o =>
        {
            o.UseContextTrimming = true;
            o.ContextTrimming.MaxTokens = 1_000;
            o.ContextTrimming.EmbeddingGenerator = new FakeEmbeddingGenerator
            {
                Metadata = new("openai", null, "text-embedding-3-small"),
                TokensPerCall = 1_000,
            };
            o.ContextTrimming.EmbeddingTimeout = TimeSpan.FromSeconds(30);
        });

        await client.GetResponseAsync(Long, new ChatOptions().WithCallRecord(r => record = r));

        Assert.Equal(0.00002m, record!.Attempts.Single(attempt => attempt.Stage == "context_trimming").Cost);
        Assert.Equal(record.Saving, record.SavingByStage.Sum(part => part.Saving));
    }

    [Fact]
    public async Task Document_that_was_sent_twice_is_sent_once()
    {
        var document = string.Join(' ', Enumerable.Range(0, 300).Select(i => $"clause {i}"));
        ChatMessage[] messages =
        [
            new(ChatRole.User, document),
            new(ChatRole.Assistant, "Read."),
            new(ChatRole.User, document),
            new(ChatRole.Assistant, "Read again."),
            .. Long[1..20],
            new(ChatRole.User, "What does clause 17 say, and clause 18?"),
        ];
        var trimmer = new ContextTrimmer(
            new ContextTrimmingOptions
            {
                MaxTokens = 2_600,
                TargetShare = 1,
                UseEmbeddings = false,
            }
        );

        var trimmed = await trimmer.TrimAsync(messages, modelId: "gpt-4o");

        Assert.Equal(TrimOutcome.Trimmed, trimmed.Outcome);
        Assert.Same(messages[0], trimmed.Messages[0]);
        Assert.Equal(1, trimmed.Messages.Count(message => message.Text == document));
        Assert.Contains(trimmed.Messages, message => message.Text.StartsWith("[The same text", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Reducer_is_the_same_engine()
    {
        var reducer = new ContextTrimmingReducer(
            new ContextTrimmer(new ContextTrimmingOptions { MaxTokens = 1_000, UseEmbeddings = false }),
            "gpt-4o"
        );

        var kept = (await reducer.ReduceAsync(new OneShotMessages(Long), CancellationToken.None)).ToList();

        Assert.Contains(Long[8], kept);
        Assert.Contains(Long[0], kept);
        Assert.True(kept.Count < Long.Length / 2);
    }

    [Fact]
    public void Bad_options_are_named_all_at_once()
    {
        var exception = Assert.Throws<ArgumentException>(() =>
            new ContextTrimmer(
                new ContextTrimmingOptions
                {
                    MaxTokens = 0,
                    TargetShare = 1.5,
                    ShortenAbove = 1,
                }
            )
        );

        foreach (var name in new[] { "MaxTokens is 0", "TargetShare is 1.5", "ShortenAbove is 1" })
        {
            Assert.Contains(name, exception.Message, StringComparison.Ordinal);
        }
    }

    private sealed class Collector(ConcurrentQueue<CallRecord> records) : ICallRecordSink
    {
        public void Record(CallRecord record) => records.Enqueue(record);
    }
}
