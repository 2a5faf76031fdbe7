using System.Net;
using LlmThrift.Diagnostics;
using LlmThrift.Metering;
using LlmThrift.Resilience;
using LlmThrift.TestKit;
using Microsoft.Extensions.AI;
using Xunit;
using static LlmThrift.Tests.Resilience.ResilienceBench;

namespace LlmThrift.Tests.Resilience;

public sealed class HedgingTests
{
    private static readonly Task Never = new TaskCompletionSource().Task;
    private static readonly TimeSpan Usual = TimeSpan.FromSeconds(2);

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Second_attempt_that_starts_first_answers_and_the_slow_one_is_cancelled_and_billed(bool isStreaming)
    {
        using var bench = await LearnedAsync(attempt => attempt == 1 ? new ScriptedAnswer { Gate = Never } : new ScriptedAnswer());
        var call = bench.AskAsync(isStreaming);
        await UntilAsync(() => bench.Provider.Requests.Count == 1 && bench.Clock.PendingTimers == 2);

        bench.Clock.Advance(Usual - TimeSpan.FromMilliseconds(1));
        Assert.Single(bench.Provider.Requests);
        bench.Clock.Advance(TimeSpan.FromMilliseconds(1));

        Assert.Equal("Hello, world.", (await call).Text);
        Assert.Equal(2, bench.Provider.Requests.Count);
        Assert.True(bench.Provider.Requests.First().Token.IsCancellationRequested);
        AssertOneAnsweredAndBothAreBilled(bench);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task First_attempt_that_starts_first_after_all_answers_and_the_second_one_is_cancelled_and_billed(bool isStreaming)
    {
        var gate = new TaskCompletionSource();
        using var bench = await LearnedAsync(attempt => new ScriptedAnswer { Gate = attempt == 1 ? gate.Task : Never });
        var call = bench.AskAsync(isStreaming);
        await UntilAsync(() => bench.Provider.Requests.Count == 1 && bench.Clock.PendingTimers == 2);
        bench.Clock.Advance(Usual);
        await UntilAsync(() => bench.Provider.Requests.Count == 2);

        gate.SetResult();

        Assert.Equal("Hello, world.", (await call).Text);
        Assert.True(bench.Provider.Requests.Last().Token.IsCancellationRequested);
        AssertOneAnsweredAndBothAreBilled(bench);
    }

    /// <summary>Both had answered when one was chosen: the other is paid in full.</summary>
    [Fact]
    public async Task Attempt_that_answers_all_the_same_is_billed_for_what_it_said()
    {
        using var bench = await LearnedAsync(_ => new ScriptedAnswer());
        using var stubborn = new Stubborn(new ScriptedChatClient());
        using var client = stubborn
            .AsBuilder()
            .UseCostControls(o =>
            {
                o.UseExactCache = false;
                o.UseResilience = true;
                (o.Resilience.HedgeAfterPercentile, o.Resilience.MinHedgeDelay) = (0.5, TimeSpan.FromSeconds(1));
                o.Metering.Prices = LlmThrift.Pricing.PriceBook.Empty.With("gpt-4o", new() { Input = 10m, Output = 100m });
            })
            .Build(new FewServices().With<TimeProvider>(bench.Clock));
        for (var call = 0; call < LatencyWindow.MinSamples; call++)
        {
            await client.GetResponseAsync("question");
        }

        stubborn.Gate = new TaskCompletionSource();
        CallRecord? record = null;
        var asking = client.GetResponseAsync("question", new ChatOptions().WithCallRecord(closed => record = closed));
        await UntilAsync(() => stubborn.Waiting == 1 && bench.Clock.PendingTimers == 2);
        bench.Clock.Advance(TimeSpan.FromSeconds(1));
        await UntilAsync(() => stubborn.Waiting == 2);
        stubborn.Gate.SetResult();
        await asking;

        Assert.Equal(2 * FullCost, record!.ActualCost);
        Assert.Equal(-FullCost, record.SavingByStage.Single().Saving);
        Assert.Equal(CostStages.Resilience, record.SavingByStage.Single().Stage);
    }

    [Fact]
    public async Task Nothing_is_hedged_before_there_is_enough_to_learn_from()
    {
        using var bench = new ResilienceBench(_ => new ScriptedAnswer { Gate = Never }, o => o.HedgeAfterPercentile = 0.5);
        await bench.LearnAsync(LatencyWindow.MinSamples - 1, Usual);
        using var source = new CancellationTokenSource();
        var call = bench.AskAsync(cancellationToken: source.Token);
        await UntilAsync(() => bench.Provider.Requests.Count == 1);

        bench.Clock.Advance(TimeSpan.FromSeconds(90));
        await Task.Delay(20);

        Assert.Single(bench.Provider.Requests);
        await source.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => call);
    }

    /// <summary>A whole answer takes many times as long as the first update of a stream.</summary>
    [Fact]
    public async Task Streams_do_not_learn_from_whole_answers()
    {
        using var bench = new ResilienceBench(_ => new ScriptedAnswer { Gate = Never }, o => o.HedgeAfterPercentile = 0.5);
        await bench.LearnAsync(LatencyWindow.MinSamples, TimeSpan.FromSeconds(30));
        await bench.LearnAsync(LatencyWindow.MinSamples, TimeSpan.FromSeconds(1), isStreaming: true);
        using var source = new CancellationTokenSource();

        var stream = bench.AskAsync(isStreaming: true, source.Token);
        await UntilAsync(() => bench.Provider.Requests.Count == 1 && bench.Clock.PendingTimers == 2);
        Assert.Equal(TimeSpan.FromSeconds(1), bench.Clock.NextDue);
        var whole = bench.AskAsync(isStreaming: false, source.Token);
        await UntilAsync(() => bench.Provider.Requests.Count == 2 && bench.Clock.PendingTimers == 4);
        bench.Clock.Advance(TimeSpan.FromSeconds(1));
        await UntilAsync(() => bench.Provider.Requests.Count == 3);
        Assert.Equal(TimeSpan.FromSeconds(29), bench.Clock.NextDue);

        await source.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => stream);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => whole);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task Attempt_that_fails_is_made_up_for_by_the_one_beside_it(int failing)
    {
        var gate = new TaskCompletionSource();
        var failed = new TaskCompletionSource();
        using var bench = await LearnedAsync(attempt =>
            attempt == failing
                ? new ScriptedAnswer { Gate = failed.Task, Failure = Failing(HttpStatusCode.InternalServerError) }
                : new ScriptedAnswer { Gate = gate.Task }
        );
        var call = bench.AskAsync();
        await UntilAsync(() => bench.Provider.Requests.Count == 1 && bench.Clock.PendingTimers == 2);
        bench.Clock.Advance(Usual);
        await UntilAsync(() => bench.Provider.Requests.Count == 2);

        failed.SetResult();
        await UntilAsync(() => bench.Clock.PendingTimers == 1);
        Assert.False(call.IsCompleted);
        gate.SetResult();

        Assert.Equal("Hello, world.", (await call).Text);
        Assert.Equal(["hedged"], bench.Notes);
        Assert.Equal(
            [CostStages.Resilience, CostStages.Provider],
            bench.Record!.Attempts.OrderBy(attempt => attempt.Outcome != CallOutcome.Failed).Select(attempt => attempt.Stage)
        );
    }

    [Fact]
    public async Task Attempts_that_all_fail_end_with_what_the_first_to_fail_said()
    {
        using var bench = await LearnedAsync(
            attempt =>
                attempt == 1 ? new ScriptedAnswer { Gate = Never } : ScriptedAnswer.Failing(Failing(HttpStatusCode.InternalServerError)),
            o => o.MaxRetries = 0
        );
        var call = bench.AskAsync();
        await UntilAsync(() => bench.Provider.Requests.Count == 1 && bench.Clock.PendingTimers == 2);

        bench.Clock.Advance(Usual);
        await UntilAsync(() => bench.Provider.Requests.Count == 2 && bench.Clock.PendingTimers == 1);
        bench.Clock.Advance(TimeSpan.FromSeconds(100));

        var thrown = await Assert.ThrowsAsync<HttpRequestException>(() => call);
        Assert.Equal(HttpStatusCode.InternalServerError, thrown.StatusCode);
        Assert.Equal(["hedged", "timed_out"], bench.Notes);
        Assert.Equal(2, bench.Record!.Attempts.Count);
    }

    [Fact]
    public async Task Bad_request_beside_a_slow_one_ends_both()
    {
        using var bench = await LearnedAsync(attempt =>
            attempt == 1 ? new ScriptedAnswer { Gate = Never } : ScriptedAnswer.Failing(Failing(HttpStatusCode.BadRequest))
        );
        var call = bench.AskAsync();
        await UntilAsync(() => bench.Provider.Requests.Count == 1 && bench.Clock.PendingTimers == 2);

        bench.Clock.Advance(Usual);

        Assert.Equal(HttpStatusCode.BadRequest, (await Assert.ThrowsAsync<HttpRequestException>(() => call)).StatusCode);
        Assert.True(bench.Provider.Requests.First().Token.IsCancellationRequested);
        Assert.Equal(2, bench.Record!.Attempts.Count);
        Assert.Equal(0, bench.Clock.PendingTimers);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Caller_that_leaves_ends_both_attempts(bool isStreaming)
    {
        using var bench = await LearnedAsync(_ => new ScriptedAnswer { Gate = Never });
        using var source = new CancellationTokenSource();
        var call = bench.AskAsync(isStreaming, source.Token);
        await UntilAsync(() => bench.Provider.Requests.Count == 1 && bench.Clock.PendingTimers == 2);
        bench.Clock.Advance(Usual);
        await UntilAsync(() => bench.Provider.Requests.Count == 2);

        await source.CancelAsync();

        var exception = await Assert.ThrowsAnyAsync<OperationCanceledException>(() => call);
        Assert.Equal(source.Token, exception.CancellationToken);
        Assert.All(bench.Provider.Requests, request => Assert.True(request.Token.IsCancellationRequested));
        Assert.Equal((0, 0), (bench.Provider.OpenStreams, bench.Clock.PendingTimers));
        Assert.Equal([CallOutcome.Cancelled, CallOutcome.Cancelled], bench.Record!.Attempts.Select(attempt => attempt.Outcome));
        Assert.Equal(bench.Record.Attempts.Sum(attempt => attempt.Cost), bench.Record.ActualCost);
    }

    /// <summary>A slow attempt that lost counts for how long it had taken at least: else hedging would hide what is slow, and hedge ever earlier.</summary>
    [Fact]
    public async Task Time_after_which_a_second_attempt_is_made_does_not_shrink_by_hedging()
    {
        using var bench = await LearnedAsync(attempt => attempt % 2 == 1 ? new ScriptedAnswer { Gate = Never } : new ScriptedAnswer());
        for (var round = 0; round < 15; round++)
        {
            var before = bench.Provider.Requests.Count;
            var call = bench.AskAsync();
            await UntilAsync(() => bench.Provider.Requests.Count == before + 1 && bench.Clock.PendingTimers == 2);
            Assert.Equal(Usual, bench.Clock.NextDue);
            bench.Clock.Advance(Usual);
            await call;
        }
    }

    private static void AssertOneAnsweredAndBothAreBilled(ResilienceBench bench)
    {
        Assert.Equal(["hedged"], bench.Notes);
        Assert.Equal((0, 0), (bench.Provider.OpenStreams, bench.Clock.PendingTimers));
        var lost = Assert.Single(bench.Record!.Attempts, attempt => attempt.Stage == CostStages.Resilience);
        Assert.Equal(CallOutcome.Cancelled, lost.Outcome);
        Assert.True(lost.Cost > 0);
        Assert.Equal(FullCost + lost.Cost, bench.Record.ActualCost);
        Assert.Equal(FullCost, bench.Record.BaselineCost);
        Assert.Equal(-lost.Cost, bench.Record.SavingByStage.Single(part => part.Stage == CostStages.Resilience).Saving);
    }

    private static async Task<ResilienceBench> LearnedAsync(Func<int, ScriptedAnswer> script, Action<ResilienceOptions>? configure = null)
    {
        var bench = new ResilienceBench(
            script,
            (ResilienceOptions o) =>
            {
                o.HedgeAfterPercentile = 0.95;
                configure?.Invoke(o);
            }
        );
        await bench.LearnAsync(LatencyWindow.MinSamples, Usual);
        await bench.LearnAsync(LatencyWindow.MinSamples, Usual, isStreaming: true);
        return bench;
    }

    /// <summary>Answers although it is cancelled.</summary>
    private sealed class Stubborn(IChatClient inner) : DelegatingChatClient(inner)
    {
        private int _waiting;

        public TaskCompletionSource? Gate { get; set; }

        public int Waiting => Volatile.Read(ref _waiting);

        public override async Task<ChatResponse> GetResponseAsync(
            IEnumerable<ChatMessage> messages,
            ChatOptions? options = null,
            CancellationToken cancellationToken = default
        )
        {
            if (Gate is { } gate)
            {
                Interlocked.Increment(ref _waiting);
                await gate.Task;
            }

            return await base.GetResponseAsync(messages, options, CancellationToken.None);
        }
    }
}
