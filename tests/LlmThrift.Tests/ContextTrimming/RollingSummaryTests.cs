using System.Collections.Concurrent;
using System.Text.Json;
using LlmThrift.ContextTrimming;
using LlmThrift.Metering;
using LlmThrift.TestKit;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace LlmThrift.Tests.ContextTrimming;

public sealed class RollingSummaryTests
{
    private static readonly TimeSpan Ample = TimeSpan.FromSeconds(30);

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task What_is_left_out_is_told_in_a_message_after_the_last_gap_and_billed_to_the_call(bool isStreaming)
    {
        using var provider = new ScriptedChatClient();
        using var summarizer = Summarizer();
        CallRecord? record = null;
        using var client = provider.WithCostControls(o => Configure(o.ContextTrimming, summarizer, o));
        var messages = Notes(40);
        var options = new ChatOptions().WithCallRecord(r => record = r);

        _ = isStreaming
            ? await client.GetStreamingResponseAsync(messages, options).ToChatResponseAsync()
            : await client.GetResponseAsync(messages, options);

        var sent = provider.Requests.Single().Messages;
        var told = Told(summarizer).Single();
        Assert.Equal(messages.Except(sent).Select(message => message.Text), told.Messages);
        var place = sent.ToList().FindIndex(message => message.Text.StartsWith(RollingSummary.Heading, StringComparison.Ordinal));
        Assert.Equal(RollingSummary.Heading + "\nsummary 1", sent[place].Text);
        Assert.Equal(messages[^(sent.Count - place - 1)..], sent.Skip(place + 1));
        Assert.Contains(record!.Attempts, attempt => attempt is { Stage: "context_trimming", Cost: > 0 });
        Assert.Equal(2, record.Attempts.Count);
        Assert.Equal(record.Saving, record.SavingByStage.Sum(part => part.Saving));
    }

    [Fact]
    public async Task Summary_grows_with_what_is_left_out_and_is_told_nothing_twice()
    {
        using var summarizer = Summarizer();
        var trimmer = Trimmer(summarizer);
        var messages = Notes(40).ToList();
        var outcomes = new List<TrimOutcome>();
        IReadOnlyList<ChatMessage> before = [];
        for (var turn = 0; turn < 30; turn++)
        {
            var trimmed = await trimmer.TrimAsync([.. messages], modelId: "gpt-4o");
            outcomes.Add(trimmed.Outcome);
            if (trimmed.Outcome == TrimOutcome.KeptStable)
            {
                Assert.Equal(before, trimmed.Messages.Take(before.Count));
            }

            Assert.Contains(trimmed.Messages, message => message.Text.StartsWith(RollingSummary.Heading, StringComparison.Ordinal));
            before = trimmed.Messages;
            messages.Add(Note(messages.Count, ChatRole.Assistant));
            messages.Add(Note(messages.Count, ChatRole.User));
        }

        var told = Told(summarizer);
        Assert.True(told.Count > 2, $"{told.Count} summaries");
        Assert.Contains(TrimOutcome.KeptStable, outcomes);
        Assert.Null(told[0].Summary);
        for (var number = 1; number < told.Count; number++)
        {
            Assert.Equal($"summary {number}", told[number].Summary);
        }

        var all = told.SelectMany(one => one.Messages).ToList();
        Assert.Equal(all.Distinct(StringComparer.Ordinal), all);
    }

    [Fact]
    public async Task Blocks_that_are_told_are_said_to_be()
    {
        using var summarizer = Summarizer();

        var trimmed = await Trimmer(summarizer).TrimAsync(Notes(40), modelId: "gpt-4o");

        Assert.Equal("summary 1", trimmed.Summary);
        Assert.Contains(trimmed.Blocks, block => block is { Fate: BlockFate.Summarized, TokensSent: 0 });
        Assert.DoesNotContain(trimmed.Blocks, block => block.Fate == BlockFate.LeftOut);
        Assert.True(trimmed.TokensAfter <= trimmed.Budget);
    }

    [Fact]
    public async Task Summary_that_is_late_comes_with_the_next_call_after_what_was_sent_and_is_billed_by_itself()
    {
        var gate = new TaskCompletionSource();
        using var provider = new ScriptedChatClient();
        using var summarizer = new ScriptedChatClient((_, _) => ScriptedAnswer.Saying("late notes") with { Gate = gate.Task });
        var records = new ConcurrentQueue<CallRecord>();
        using var client = provider.WithCostControls(o =>
        {
            Configure(o.ContextTrimming, summarizer, o);
            o.ContextTrimming.Summary.Timeout = TimeSpan.FromMilliseconds(1);
            o.Metering.Sinks.Add(new Collector(records));
        });
        var messages = Notes(40);

        await client.GetResponseAsync(messages);
        gate.SetResult();
        using var timeout = new CancellationTokenSource(Ample);
        while (records.Count < 2)
        {
            await Task.Delay(1, timeout.Token);
        }

        await client.GetResponseAsync([.. messages, Note(41, ChatRole.Assistant), new(ChatRole.User, "And now?")]);

        var (first, second) = (provider.Requests.First().Messages, provider.Requests.Last().Messages);
        Assert.DoesNotContain(first, message => message.Text.Contains("late notes", StringComparison.Ordinal));
        Assert.Equal(first, second.Take(first.Count));
        Assert.Contains("late notes", second[first.Count].Text, StringComparison.Ordinal);
        var upkeep = Assert.Single(records, record => record.IsUpkeep);
        Assert.True(upkeep.SavingByStage.Single(part => part.Stage == "context_trimming").Saving < 0);
        Assert.All(records.Where(record => !record.IsUpkeep), record => Assert.Single(record.Attempts));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Model_that_fails_or_says_nothing_leaves_the_call_without_a_summary(bool fails)
    {
        using var provider = new ScriptedChatClient();
        using var summarizer = new ScriptedChatClient(
            fails ? ScriptedAnswer.Failing(new HttpRequestException("down")) : ScriptedAnswer.Saying(" ")
        );
        CallRecord? record = null;
        using var client = provider.WithCostControls(o => Configure(o.ContextTrimming, summarizer, o));

        await client.GetResponseAsync(Notes(40), new ChatOptions().WithCallRecord(r => record = r));

        Assert.True(provider.Requests.Single().Messages.Count < 30);
        Assert.DoesNotContain(provider.Requests.Single().Messages, message => message.Text.Contains("Summary", StringComparison.Ordinal));
        Assert.Equal(2, record!.Attempts.Count);
    }

    [Fact]
    public async Task Same_conversation_at_once_is_summed_up_once()
    {
        var gate = new TaskCompletionSource();
        using var summarizer = new ScriptedChatClient((_, _) => ScriptedAnswer.Saying("notes") with { Gate = gate.Task });
        var trimmer = Trimmer(summarizer);
        var trims = Enumerable.Range(0, 8).Select(_ => Task.Run(() => trimmer.TrimAsync(Notes(40), modelId: "gpt-4o").AsTask())).ToList();
        using var timeout = new CancellationTokenSource(Ample);
        while (summarizer.Calls == 0)
        {
            await Task.Delay(1, timeout.Token);
        }

        gate.SetResult();
        var trimmed = await Task.WhenAll(trims);

        Assert.All(trimmed, one => Assert.Equal("notes", one.Summary));
        Assert.Equal(1, summarizer.Calls);
    }

    [Fact]
    public async Task Summary_never_stands_between_a_call_of_a_tool_and_its_result_nor_breaks_the_budget()
    {
        using var summarizer = Summarizer();
        var told = 0;
        for (var seed = 0; seed < 300; seed++)
        {
            var messages = RandomConversations.Make(seed);
            var trimmed = await Trimmer(summarizer, 1_000).TrimAsync(messages, modelId: "gpt-4o");
            told += trimmed.Summary is null ? 0 : 1;
            var place = trimmed
                .Messages.ToList()
                .FindIndex(message => message.Text.StartsWith(RollingSummary.Heading, StringComparison.Ordinal));
            Assert.Equal(trimmed.Summary is null, place < 0);
            if (place < 0)
            {
                continue;
            }

            Assert.True(trimmed.TokensAfter <= trimmed.Budget);
            var blocks = BlockBuilder.Build([.. trimmed.Messages]);
            Assert.DoesNotContain(blocks, block => block.FirstMessage < place && block.Messages[^1] > place);
            Assert.True(messages[^1] == trimmed.Messages[^1]);
        }

        Assert.True(told > 30, $"{told} summaries");
    }

    [Fact]
    public async Task Long_history_is_told_in_steps()
    {
        using var summarizer = Summarizer();
        var messages = Notes(600);

        await Trimmer(summarizer).TrimAsync(messages, modelId: "gpt-4o");

        var told = Told(summarizer);
        Assert.True(told.Count > 2);
        Assert.Equal("summary 1", told[1].Summary);
        var all = told.SelectMany(one => one.Messages).ToList();
        Assert.Equal(messages.Select(message => message.Text).Where(all.Contains), all);
    }

    [Fact]
    public void Client_can_be_named_by_its_key()
    {
        using var summarizer = Summarizer();
        using var provider = new ScriptedChatClient();
        var services = new ServiceCollection();
        services.AddKeyedChatClient("cheap", _ => summarizer);
        services.AddChatClient(_ => provider).UseContextTrimming(o => o.Summary.ClientKey = "cheap");
        using var found = services.BuildServiceProvider();

        Assert.NotNull(found.GetRequiredService<IChatClient>());

        var missing = Assert.Throws<ArgumentException>(() =>
            provider.AsBuilder().UseContextTrimming(o => o.Summary.ClientKey = "cheap").Build()
        );
        Assert.Contains("AddKeyedChatClient(\"cheap\"", missing.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Bad_options_are_named_all_at_once()
    {
        using var summarizer = Summarizer();
        var options = new ContextTrimmingOptions();
        options.Summary = new()
        {
            Client = summarizer,
            ClientKey = "cheap",
            Instructions = " ",
            MaxTokens = 1,
            Timeout = TimeSpan.Zero,
        };

        var exception = Assert.Throws<ArgumentException>(() => new ContextTrimmer(options));

        foreach (var name in new[] { "Instructions is empty", "MaxTokens is 1", "Timeout is 00:00:00", "both a Client and" })
        {
            Assert.Contains(name, exception.Message, StringComparison.Ordinal);
        }
    }

    private static ChatMessage[] Notes(int count) =>
        [
            new(ChatRole.System, "You help customers of a bicycle shop."),
            .. Enumerable.Range(0, count).Select(i => Note(i, i % 2 == 0 ? ChatRole.User : ChatRole.Assistant)),
            new(ChatRole.User, "What is in note 7?"),
        ];

    private static ChatMessage Note(int number, ChatRole role) =>
        new(role, $"Note {number}: " + string.Join(' ', Enumerable.Repeat("chain", 60)));

    private static ScriptedChatClient Summarizer()
    {
        var number = 0;
        return new ScriptedChatClient((_, _) => ScriptedAnswer.Saying($"summary {Interlocked.Increment(ref number)}"));
    }

    private static ContextTrimmer Trimmer(ScriptedChatClient summarizer, int maxTokens = 1_500)
    {
        var options = new ContextTrimmingOptions();
        Configure(options, summarizer);
        options.MaxTokens = maxTokens;
        return new ContextTrimmer(options);
    }

    private static void Configure(
        ContextTrimmingOptions options,
        ScriptedChatClient summarizer,
        LlmThrift.CostControls.CostControlOptions? all = null
    )
    {
        if (all is not null)
        {
            all.UseContextTrimming = true;
        }

        options.MaxTokens = 1_500;
        options.UseEmbeddings = false;
        options.Summary.Client = summarizer;
        options.Summary.MaxTokens = 100;
        options.Summary.Timeout = Ample;
    }

    /// <summary>What the model was told, in the order of its calls.</summary>
    private static List<(string? Summary, List<string> Messages)> Told(ScriptedChatClient summarizer) =>
        [
            .. summarizer.Requests.Select(request =>
            {
                Assert.Equal(RollingSummaryOptions.DefaultInstructions, request.Messages[0].Text);
                var json = JsonElement.Parse(request.Messages[1].Text);
                return (
                    json.GetProperty("summary").GetString(),
                    json.GetProperty("messages").EnumerateArray().Select(message => message.GetProperty("text").GetString()!).ToList()
                );
            }),
        ];

    private sealed class Collector(ConcurrentQueue<CallRecord> records) : ICallRecordSink
    {
        public void Record(CallRecord record) => records.Enqueue(record);
    }
}
