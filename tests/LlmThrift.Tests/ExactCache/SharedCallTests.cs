using LlmThrift.Diagnostics;
using LlmThrift.Metering;
using LlmThrift.TestKit;
using Microsoft.Extensions.AI;
using Xunit;

namespace LlmThrift.Tests.ExactCache;

/// <summary>Identical calls under way share one request to the provider.</summary>
public sealed class SharedCallTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Thousand_identical_calls_half_of_them_streams_a_tenth_cancelled_make_one_request_and_all_others_get_the_whole_answer(
        bool firstStreams
    )
    {
        // The request stands still in the middle of its answer until the calls are there and some of them are cancelled.
        var gate = new TaskCompletionSource();
        using var provider = new ScriptedChatClient(
            firstStreams ? new ScriptedAnswer { GateAfterFirstChunk = gate.Task } : new ScriptedAnswer { Gate = gate.Task }
        );
        var begun = 0;
        using var client = provider.WithCostControls(o =>
            o.ExactCache.Partition = tags =>
            {
                Interlocked.Increment(ref begun);
                return tags.Tenant;
            }
        );
        var records = new System.Collections.Concurrent.ConcurrentQueue<CallRecord>();
        var sources = Enumerable.Range(0, 1000).Select(_ => new CancellationTokenSource()).ToArray();
        Task<ChatResponse> Ask(int i)
        {
            var options = new ChatOptions().WithCallRecord(records.Enqueue);
            return i % 2 == 0 == firstStreams
                ? client.GetStreamingResponseAsync("question", options, sources[i].Token).ToChatResponseAsync(sources[i].Token)
                : client.GetResponseAsync("question", options, sources[i].Token);
        }

        // The first to come is among the cancelled, so the request has to outlive it.
        var first = Ask(0);
        await UntilAsync(() => provider.Calls == 1);
        Task<ChatResponse>[] calls = [first, .. Enumerable.Range(1, 999).Select(i => Task.Run(() => Ask(i)))];
        await UntilAsync(() => Volatile.Read(ref begun) == 1000);
        await Task.Delay(200);
        for (var i = 0; i < 1000; i += 10)
        {
            // Of the hundred, half stream.
            await sources[i + (i % 20 / 10)].CancelAsync();
        }

        gate.SetResult();

        var cancelled = 0;
        for (var i = 0; i < calls.Length; i++)
        {
            try
            {
                var response = await calls[i].WaitAsync(Patience);
                Assert.Equal("Hello, world.", response.Text);
                Assert.Equal(ChatFinishReason.Stop, response.FinishReason);
            }
            catch (OperationCanceledException)
            {
                Assert.True(sources[i].IsCancellationRequested);
                cancelled++;
            }
        }

        Assert.Equal(1, provider.Calls);
        Assert.Equal(100, cancelled);
        await UntilAsync(() => records.Count == 1000);

        // Somebody pays for the one request, and nobody twice.
        var oneCall = (100 * 2.5m + 20 * 10m) / 1_000_000m;
        Assert.Equal(oneCall, records.Sum(r => r.ActualCost));
        Assert.Equal(1, records.Sum(r => r.Attempts.Count));
        Assert.All(records, r => Assert.Equal(r.Saving, r.SavingByStage.Sum(s => s.Saving)));
        Assert.Equal(999 - cancelled, records.Count(r => r.ServedBy == CostStages.ExactCache));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Leader_that_is_cancelled_leaves_the_bill_to_a_survivor(bool isStreaming)
    {
        var gate = new TaskCompletionSource();
        using var provider = new ScriptedChatClient(new ScriptedAnswer { Gate = gate.Task });
        using var client = provider.WithCostControls();
        using var source = new CancellationTokenSource();
        CallRecord? leaders = null;
        CallRecord? survivors = null;
        var leader = AskAsync(client, isStreaming, r => leaders = r, source.Token);
        await UntilAsync(() => provider.Calls == 1);
        var survivor = AskAsync(client, isStreaming, r => survivors = r, CancellationToken.None);

        await source.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => leader);
        gate.SetResult();
        var answer = await survivor.WaitAsync(Patience);

        Assert.Equal("Hello, world.", answer.Text);
        Assert.Equal((CallOutcome.Cancelled, 0m, 0m), (leaders!.Outcome, leaders.ActualCost!.Value, leaders.BaselineCost!.Value));
        Assert.Equal((100 * 2.5m + 20 * 10m) / 1_000_000m, survivors!.ActualCost);
        Assert.Null(survivors.ServedBy);
        Assert.Equal(1, provider.Calls);
    }

    [Fact]
    public async Task When_all_have_left_the_request_is_cancelled_and_the_last_one_pays_for_what_was_delivered()
    {
        using var provider = new ScriptedChatClient(new ScriptedAnswer { GateAfterFirstChunk = new TaskCompletionSource().Task });
        using var client = provider.WithCostControls();
        using var source = new CancellationTokenSource();
        var records = new System.Collections.Concurrent.ConcurrentQueue<CallRecord>();
        var first = AskAsync(client, true, records.Enqueue, source.Token);
        await UntilAsync(() => provider.Calls == 1);
        var second = AskAsync(client, true, records.Enqueue, source.Token);
        await Task.Delay(50);

        await source.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => first.WaitAsync(Patience));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => second.WaitAsync(Patience));

        await UntilAsync(() => provider.OpenStreams == 0 && records.Count == 2);
        var payer = Assert.Single(records, r => r.Attempts.Count == 1);
        Assert.True(payer.IsEstimated);
        Assert.True(payer.ActualCost > 0);
        Assert.Equal(CallOutcome.Cancelled, payer.Attempts[0].Outcome);
        Assert.Equal(1, provider.Calls);
    }

    [Fact]
    public async Task Call_after_all_have_left_makes_a_request_of_its_own()
    {
        var answers = new Queue<ScriptedAnswer>([new ScriptedAnswer { Gate = new TaskCompletionSource().Task }, new ScriptedAnswer()]);
        using var provider = new ScriptedChatClient((_, _) => answers.Dequeue());
        using var client = provider.WithCostControls();
        using var source = new CancellationTokenSource();
        var first = client.GetResponseAsync("question", cancellationToken: source.Token);
        await UntilAsync(() => provider.Calls == 1);
        await source.CancelAsync();

        var response = await client.GetResponseAsync("question").WaitAsync(Patience);

        Assert.Equal("Hello, world.", response.Text);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => first);
    }

    [Fact]
    public async Task Failure_reaches_every_waiter_and_is_paid_for_once()
    {
        var gate = new TaskCompletionSource();
        using var provider = new ScriptedChatClient(
            new ScriptedAnswer
            {
                Gate = gate.Task,
                Failure = new InvalidOperationException("down"),
                FailAfterChunks = 2,
            }
        );
        using var client = provider.WithCostControls();
        var records = new System.Collections.Concurrent.ConcurrentQueue<CallRecord>();
        var calls = Enumerable.Range(0, 20).Select(_ => AskAsync(client, true, records.Enqueue, CancellationToken.None)).ToArray();
        gate.SetResult();

        foreach (var call in calls)
        {
            await Assert.ThrowsAsync<InvalidOperationException>(() => call.WaitAsync(Patience));
        }

        Assert.Equal(1, provider.Calls);
        Assert.Equal(20, records.Count);
        var payer = Assert.Single(records, r => r.Attempts.Count == 1);
        Assert.True(payer.ActualCost > 0); // input and two chunks had been delivered
        Assert.All(records.Where(r => r != payer), r => Assert.Equal(0m, r.ActualCost));
    }

    [Fact]
    public async Task Callers_who_share_a_stream_cannot_change_each_others_answer()
    {
        var gate = new TaskCompletionSource();
        using var provider = new ScriptedChatClient(
            new ScriptedAnswer
            {
                Gate = gate.Task,
                MoreContents = [new FunctionCallContent("c", "book", new Dictionary<string, object?> { ["day"] = "Monday" })],
            }
        );
        using var client = provider.WithCostControls();
        var leader = client.GetStreamingResponseAsync("question").GetAsyncEnumerator();
        var leading = leader.MoveNextAsync();
        await UntilAsync(() => provider.Calls == 1);
        var follower = client.GetStreamingResponseAsync("question").GetAsyncEnumerator();
        var following = follower.MoveNextAsync();
        var another = client.GetStreamingResponseAsync("question").GetAsyncEnumerator();
        var third = another.MoveNextAsync();
        gate.SetResult();

        // One after the other, each spoils all that it is given before the next one looks.
        var answers = new[] { await SpoilAsync(leader, leading), await SpoilAsync(follower, following), await SpoilAsync(another, third) };
        var later = await SpoilAsync(client.GetStreamingResponseAsync("question").GetAsyncEnumerator(), null);

        Assert.Equal(1, provider.Calls);
        Assert.All([.. answers, later], answer => Assert.Equal("Hello, world.|Monday", answer));
    }

    private static async Task<string> SpoilAsync(IAsyncEnumerator<ChatResponseUpdate> stream, ValueTask<bool>? first)
    {
        var (text, day) = ("", "");
        for (var more = await (first ?? stream.MoveNextAsync()); more; more = await stream.MoveNextAsync())
        {
            text += stream.Current.Text;
            foreach (var content in stream.Current.Contents)
            {
                if (content is TextContent words)
                {
                    words.Text = "spoilt";
                }

                if (content is FunctionCallContent call)
                {
                    day = call.Arguments!["day"]!.ToString();
                    call.Arguments["day"] = "spoilt";
                }
            }

            stream.Current.Contents.Clear();
        }

        await stream.DisposeAsync();
        return $"{text}|{day}";
    }

    private static async Task<ChatResponse> AskAsync(
        IChatClient client,
        bool isStreaming,
        Action<CallRecord> onRecord,
        CancellationToken cancellationToken
    )
    {
        var options = new ChatOptions().WithCallRecord(onRecord);
        return isStreaming
            ? await client.GetStreamingResponseAsync("question", options, cancellationToken).ToChatResponseAsync(cancellationToken)
            : await client.GetResponseAsync("question", options, cancellationToken);
    }

    private static async Task UntilAsync(Func<bool> condition)
    {
        using var timeout = new CancellationTokenSource(Patience);
        while (!condition())
        {
            await Task.Delay(5, timeout.Token);
        }
    }
}
