using LlmThrift.Diagnostics;
using LlmThrift.Metering;
using LlmThrift.TestKit;
using Microsoft.Extensions.AI;
using Xunit;
using static LlmThrift.Tests.Resilience.ResilienceBench;

namespace LlmThrift.Tests.Resilience;

public sealed class TimeoutTests
{
    private static readonly Task Never = new TaskCompletionSource().Task;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Attempt_that_takes_too_long_is_cancelled_billed_and_repeated(bool isStreaming)
    {
        using var bench = new ResilienceBench(attempt => attempt == 1 ? new ScriptedAnswer { Gate = Never } : new ScriptedAnswer());
        var call = bench.AskAsync(isStreaming);
        await UntilAsync(() => bench.Provider.Calls == 1);

        bench.Clock.Advance(TimeSpan.FromSeconds(99));
        Assert.False(bench.Provider.Requests.First().Token.IsCancellationRequested);
        bench.Clock.Advance(TimeSpan.FromSeconds(1));
        await bench.PassPausesAsync(call);

        Assert.Equal("Hello, world.", (await call).Text);
        Assert.True(bench.Provider.Requests.First().Token.IsCancellationRequested);
        Assert.Equal(["retried", "timed_out"], bench.Notes);
        var lost = bench.Record!.Attempts[0];
        Assert.Equal((CallOutcome.Cancelled, CostStages.Resilience), (lost.Outcome, lost.Stage));
        Assert.True(lost.Cost > 0);
        Assert.Equal(FullCost + lost.Cost, bench.Record.ActualCost);
        Assert.Equal(-lost.Cost, bench.Record.Saving);
        Assert.Equal(bench.Record.Saving, bench.Record.SavingByStage.Sum(part => part.Saving));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Attempts_that_all_take_too_long_end_in_a_timeout_that_names_the_option(bool isStreaming)
    {
        using var bench = new ResilienceBench(
            _ => new ScriptedAnswer { Gate = Never },
            o => (o.MaxRetries, o.Timeout) = (1, TimeSpan.FromSeconds(20))
        );

        var call = bench.AskAsync(isStreaming);
        await bench.PassPausesAsync(call);

        var exception = await Assert.ThrowsAsync<TimeoutException>(() => call);
        Assert.Contains("openai/gpt-4o", exception.Message, StringComparison.Ordinal);
        Assert.Contains("Resilience.Timeout", exception.Message, StringComparison.Ordinal);
        Assert.Equal((2, 0), (bench.Provider.Calls, bench.Provider.OpenStreams));
        Assert.Equal(bench.Record!.Attempts.Sum(attempt => attempt.Cost), bench.Record.ActualCost);
    }

    [Fact]
    public async Task Stream_that_has_begun_may_take_as_long_as_it_likes()
    {
        var gate = new TaskCompletionSource();
        using var bench = new ResilienceBench(_ => new ScriptedAnswer { GateAfterFirstChunk = gate.Task });
        await using var stream = bench.Client.GetStreamingResponseAsync("question").GetAsyncEnumerator();
        Assert.True(await stream.MoveNextAsync());

        bench.Clock.Advance(TimeSpan.FromHours(2));
        Assert.Equal(0, bench.Clock.PendingTimers);
        gate.SetResult();
        var text = stream.Current.Text;
        while (await stream.MoveNextAsync())
        {
            text += stream.Current.Text;
        }

        Assert.Equal("Hello, world.", text);
        Assert.Equal(1, bench.Provider.Calls);
    }

    [Fact]
    public async Task Attempt_without_a_timeout_takes_as_long_as_it_takes()
    {
        var gate = new TaskCompletionSource();
        using var bench = new ResilienceBench(_ => new ScriptedAnswer { Gate = gate.Task }, o => o.Timeout = null);
        var call = bench.AskAsync();
        await UntilAsync(() => bench.Provider.Calls == 1);

        bench.Clock.Advance(TimeSpan.FromHours(2));
        gate.SetResult();

        Assert.Equal("Hello, world.", (await call).Text);
    }

    [Fact]
    public async Task Caller_that_leaves_is_told_of_their_own_cancellation_not_of_a_timeout()
    {
        using var bench = new ResilienceBench(_ => new ScriptedAnswer { Gate = Never });
        using var source = new CancellationTokenSource();
        var call = bench.AskAsync(cancellationToken: source.Token);
        await UntilAsync(() => bench.Provider.Calls == 1);

        await source.CancelAsync();
        bench.Clock.Advance(TimeSpan.FromSeconds(100));

        var exception = await Assert.ThrowsAnyAsync<OperationCanceledException>(() => call);
        Assert.Equal(source.Token, exception.CancellationToken);
        Assert.Equal(0, bench.Clock.PendingTimers);
    }
}
