using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using LlmThrift.Diagnostics;
using LlmThrift.Metering;
using LlmThrift.TestKit;
using Microsoft.Extensions.AI;
using Xunit;
using static LlmThrift.Tests.Resilience.ResilienceBench;

namespace LlmThrift.Tests.Resilience;

public sealed class RetryTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Request_that_fails_is_repeated_after_a_pause_and_its_answer_is_the_answer(bool isStreaming)
    {
        using var bench = new ResilienceBench(attempt =>
            attempt < 3 ? ScriptedAnswer.Failing(Failing(HttpStatusCode.InternalServerError)) : new ScriptedAnswer()
        );

        var call = bench.AskAsync(isStreaming);
        await UntilAsync(() => bench.Provider.Calls == 1 && bench.Clock.PendingTimers == 1);
        Assert.False(call.IsCompleted);
        var paused = await bench.PassPausesAsync(call);

        Assert.Equal("Hello, world.", (await call).Text);
        Assert.Equal(3, bench.Provider.Calls);
        Assert.InRange(paused, TimeSpan.FromMilliseconds(1), TimeSpan.FromSeconds(60));
        Assert.Equal(["retried"], bench.Notes);
        Assert.Equal(
            [CallOutcome.Failed, CallOutcome.Failed, CallOutcome.Completed],
            bench.Record!.Attempts.Select(attempt => attempt.Outcome)
        );
        Assert.Equal(
            [CostStages.Resilience, CostStages.Resilience, CostStages.Provider],
            bench.Record.Attempts.Select(attempt => attempt.Stage)
        );
        Assert.Equal((FullCost, FullCost), (bench.Record.ActualCost, bench.Record.BaselineCost));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Request_that_keeps_failing_is_given_up_with_the_providers_own_exception(bool isStreaming)
    {
        var failure = Failing(HttpStatusCode.ServiceUnavailable);
        using var bench = new ResilienceBench(_ => ScriptedAnswer.Failing(failure));

        var call = bench.AskAsync(isStreaming);
        await bench.PassPausesAsync(call);

        Assert.Same(failure, await Assert.ThrowsAsync<HttpRequestException>(() => call));
        Assert.Equal(3, bench.Provider.Calls);
        Assert.Equal((CallOutcome.Failed, 3), (bench.Record!.Outcome, bench.Record.Attempts.Count));
        Assert.Equal(0m, bench.Record.ActualCost);
    }

    [Theory]
    [InlineData(400)]
    [InlineData(401)]
    [InlineData(403)]
    [InlineData(404)]
    [InlineData(413)]
    [InlineData(422)]
    public async Task Bad_request_is_not_repeated(int status)
    {
        using var bench = new ResilienceBench(_ => ScriptedAnswer.Failing(Failing((HttpStatusCode)status)));

        await Assert.ThrowsAsync<HttpRequestException>(() => bench.AskAsync());

        Assert.Equal(1, bench.Provider.Calls);
        Assert.Empty(bench.Notes);
    }

    public static TheoryData<Exception, bool> Failures() =>
        new()
        {
            { new HttpRequestException("timeout", null, HttpStatusCode.RequestTimeout), true },
            { new HttpRequestException("conflict", null, HttpStatusCode.Conflict), true },
            { new HttpRequestException("limit", null, HttpStatusCode.TooManyRequests), true },
            { new HttpRequestException("overloaded", null, (HttpStatusCode)529), true },
            { new HttpRequestException("refused"), true },
            { new IOException("broken"), true },
            { new InvalidOperationException("wrapped", new SocketException()), true },
            { new TaskCanceledException("HttpClient.Timeout", new TimeoutException()), true },
            { new InvalidOperationException("HTTP 429 (requests: rate_limit_exceeded)\n\nslow down"), true },
            { new InvalidOperationException("Service request failed.\nStatus: 503 (Unavailable)"), true },
            { new InvalidOperationException("HTTP 400 (invalid_request_error: )\n\nbad"), false },
            { new InvalidOperationException("Status Code: 401", new HttpRequestException("no")), false },
            { new InvalidOperationException("we sell 500 shoes, Status: 500"), false },
            { new JsonException("not JSON"), false },
            { new NotSupportedException("bad"), false },
        };

    [Theory]
    [MemberData(nameof(Failures))]
    public async Task Failure_is_worth_a_retry_where_another_attempt_may_fare_better(Exception failure, bool isRetried)
    {
        using var bench = new ResilienceBench(
            attempt => attempt == 1 ? ScriptedAnswer.Failing(failure) : new ScriptedAnswer(),
            o => o.MaxRetries = 1
        );

        var call = bench.AskAsync();
        await bench.PassPausesAsync(call);

        if (isRetried)
        {
            await call;
        }
        else
        {
            Assert.Same(failure, await Assert.ThrowsAnyAsync<Exception>(() => call));
        }

        Assert.Equal(isRetried ? 2 : 1, bench.Provider.Calls);
    }

    public static TheoryData<object, double> Waits() =>
        new()
        {
            { TimeSpan.FromSeconds(17), 17 },
            { 17, 17 },
            { 17L, 17 },
            { 1.5, 1.5 },
            { "17", 17 },
            { " 2.5 ", 2.5 },
            { "Tue, 01 Sep 2026 12:00:20 GMT", 20 },
            { new DateTimeOffset(2026, 9, 1, 12, 0, 5, TimeSpan.Zero), 5 },
        };

    [Theory]
    [MemberData(nameof(Waits))]
    public async Task Wait_that_the_provider_asks_for_is_kept(object wait, double seconds)
    {
        using var bench = new ResilienceBench(attempt => attempt == 1 ? ScriptedAnswer.Failing(Limited(wait)) : new ScriptedAnswer());

        var call = bench.AskAsync();
        var paused = await bench.PassPausesAsync(call);

        await call;
        Assert.Equal(TimeSpan.FromSeconds(seconds), paused);
    }

    [Theory]
    [InlineData("31")]
    [InlineData("99999999999999999999")]
    public async Task Wait_that_is_too_long_is_not_made_and_the_failure_goes_on(string wait)
    {
        var failure = Limited(wait);
        using var bench = new ResilienceBench(_ => ScriptedAnswer.Failing(failure));

        var call = bench.AskAsync();
        var paused = await bench.PassPausesAsync(call);

        Assert.Same(failure, await Assert.ThrowsAsync<HttpRequestException>(() => call));
        Assert.Equal((1, TimeSpan.Zero), (bench.Provider.Calls, paused));
    }

    [Fact]
    public async Task App_reads_the_wait_and_decides_what_is_repeated()
    {
        using var bench = new ResilienceBench(
            attempt => attempt == 1 ? ScriptedAnswer.Failing(new FormatException("7")) : new ScriptedAnswer(),
            o =>
            {
                o.ShouldRetry = exception => exception is FormatException;
                o.RetryAfter = exception => TimeSpan.FromSeconds(int.Parse(exception.Message));
            }
        );

        var call = bench.AskAsync();
        var paused = await bench.PassPausesAsync(call);

        await call;
        Assert.Equal(TimeSpan.FromSeconds(7), paused);
    }

    [Fact]
    public async Task Condition_of_the_app_that_throws_repeats_nothing_and_hides_nothing()
    {
        var failure = Failing(HttpStatusCode.InternalServerError);
        using var bench = new ResilienceBench(
            _ => ScriptedAnswer.Failing(failure),
            o => o.ShouldRetry = _ => throw new InvalidOperationException("bug")
        );

        Assert.Same(failure, await Assert.ThrowsAsync<HttpRequestException>(() => bench.AskAsync()));
        Assert.Equal(1, bench.Provider.Calls);
    }

    [Fact]
    public async Task Retries_that_are_switched_off_are_not_made()
    {
        using var bench = new ResilienceBench(
            _ => ScriptedAnswer.Failing(Failing(HttpStatusCode.InternalServerError)),
            o => o.MaxRetries = 0
        );

        await Assert.ThrowsAsync<HttpRequestException>(() => bench.AskAsync());

        Assert.Equal(1, bench.Provider.Calls);
    }

    [Fact]
    public async Task Stream_that_breaks_before_its_first_update_is_begun_again()
    {
        using var bench = new ResilienceBench(attempt =>
            attempt == 1 ? ScriptedAnswer.Failing(new IOException("the response ended prematurely")) : new ScriptedAnswer()
        );

        var response = await bench.AskThroughPausesAsync(isStreaming: true);

        Assert.Equal("Hello, world.", response.Text);
        Assert.Equal((2, 0), (bench.Provider.Calls, bench.Provider.OpenStreams));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(4)]
    public async Task Stream_that_breaks_after_its_first_update_is_not_begun_again(int chunks)
    {
        var failure = new IOException("the response ended prematurely");
        using var bench = new ResilienceBench(_ => ScriptedAnswer.Failing(failure, chunks));
        var text = "";

        var thrown = await Assert.ThrowsAsync<IOException>(async () =>
        {
            await foreach (var update in bench.Client.GetStreamingResponseAsync("question"))
            {
                text += update.Text;
            }
        });

        Assert.Same(failure, thrown);
        Assert.Equal(string.Concat(new ScriptedAnswer().Chunks.Take(chunks)), text);
        Assert.Equal((1, 0), (bench.Provider.Calls, bench.Provider.OpenStreams));
    }

    [Fact]
    public async Task Stream_without_any_update_is_an_empty_answer()
    {
        using var bench = new ResilienceBench(_ => new ScriptedAnswer(), o => o.OutputLimits.RetryEmptyAnswers = false);
        using var client = new EmptyStreams().AsBuilder().UseResilience().Build();

        Assert.Empty(await client.GetStreamingResponseAsync("question").ToListAsync());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Caller_that_leaves_during_a_pause_ends_the_call_and_no_attempt_follows(bool isStreaming)
    {
        using var bench = new ResilienceBench(_ => ScriptedAnswer.Failing(Failing(HttpStatusCode.InternalServerError)));
        using var source = new CancellationTokenSource();
        var call = bench.AskAsync(isStreaming, source.Token);
        await UntilAsync(() => bench.Provider.Calls == 1 && bench.Clock.NextDue < TimeSpan.FromSeconds(40));

        await source.CancelAsync();

        var exception = await Assert.ThrowsAnyAsync<OperationCanceledException>(() => call);
        Assert.Equal(source.Token, exception.CancellationToken);
        bench.Clock.Advance(TimeSpan.FromMinutes(5));
        Assert.Equal((1, 0), (bench.Provider.Calls, bench.Clock.PendingTimers));
        Assert.Equal(CallOutcome.Cancelled, bench.Record!.Outcome);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Caller_that_leaves_while_the_second_attempt_runs_cancels_it_and_pays_for_it(bool isStreaming)
    {
        using var bench = new ResilienceBench(attempt =>
            attempt == 1
                ? ScriptedAnswer.Failing(Failing(HttpStatusCode.InternalServerError))
                : new ScriptedAnswer { Gate = new TaskCompletionSource().Task }
        );
        using var source = new CancellationTokenSource();
        var call = bench.AskAsync(isStreaming, source.Token);
        await UntilAsync(() => bench.Provider.Calls == 1 && bench.Clock.NextDue < TimeSpan.FromSeconds(40));
        bench.Clock.Advance(bench.Clock.NextDue!.Value);
        await UntilAsync(() => bench.Provider.Calls == 2);

        await source.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => call);
        Assert.True(bench.Provider.Requests.Last().Token.IsCancellationRequested);
        Assert.Equal(0, bench.Provider.OpenStreams);
        Assert.Equal([CallOutcome.Failed, CallOutcome.Cancelled], bench.Record!.Attempts.Select(attempt => attempt.Outcome));
        Assert.True(bench.Record.Attempts[^1].Cost > 0);
    }

    [Fact]
    public async Task Pipeline_with_a_meter_further_out_only_has_every_attempt_on_its_bill()
    {
        var attempts = 0;
        CallRecord? record = null;
        var clock = new ManualTimeProvider();
        using var client = new ScriptedChatClient(
            (_, _) => attempts++ == 0 ? ScriptedAnswer.Failing(Failing(HttpStatusCode.InternalServerError)) : new ScriptedAnswer()
        )
            .AsBuilder()
            .UseCostMeter()
            .UseResilience(o => o.BaseDelay = TimeSpan.Zero)
            .Build(new FewServices().With<TimeProvider>(clock));

        await client.GetResponseAsync("question", new ChatOptions().WithCallRecord(closed => record = closed));

        Assert.Equal([CallOutcome.Failed, CallOutcome.Completed], record!.Attempts.Select(attempt => attempt.Outcome));
    }

    [Theory]
    [InlineData("UseCostControls", false)]
    [InlineData("UseCostControls", true)]
    [InlineData("two meters", false)]
    [InlineData("two meters", true)]
    [InlineData("routing", false)]
    [InlineData("routing", true)]
    public async Task Meters_further_out_do_not_bill_the_attempts_again(string pipeline, bool isStreaming)
    {
        var attempts = 0;
        CallRecord? record = null;
        var builder = new ScriptedChatClient(
            (_, _) => attempts++ == 0 ? ScriptedAnswer.Failing(Failing(HttpStatusCode.InternalServerError)) : new ScriptedAnswer()
        ).AsBuilder();
        builder = pipeline switch
        {
            "UseCostControls" => builder.UseCostControls(),
            "two meters" => builder.UseCostMeter().UseOutputLimits().UseCostMeter(),
            _ => builder
                .UseCostMeter()
                .UseModelRouting(o =>
                {
                    o.AddTier("small");
                    o.AddTier("large");
                }),
        };
        using var client = builder.UseResilience(o => o.BaseDelay = TimeSpan.Zero).Build();
        var options = new ChatOptions().WithCallRecord(closed => record = closed);

        _ = isStreaming
            ? await client.GetStreamingResponseAsync("question", options).ToChatResponseAsync()
            : await client.GetResponseAsync("question", options);

        Assert.Equal([CallOutcome.Failed, CallOutcome.Completed], record!.Attempts.Select(attempt => attempt.Outcome));
        Assert.Equal((100 * 2.5m + 20 * 10m) / 1_000_000, record.ActualCost);
    }

    /// <summary>A model that helps a stage is billed to that stage, however often it was asked.</summary>
    [Fact]
    public async Task Judge_with_retries_of_its_own_is_billed_to_routing()
    {
        var attempts = 0;
        CallRecord? record = null;
        using var judge = new ScriptedChatClient(
            (_, _) => attempts++ == 0 ? ScriptedAnswer.Failing(Failing(HttpStatusCode.InternalServerError)) : ScriptedAnswer.Saying("YES")
        )
            .AsBuilder()
            .UseResilience(o => o.BaseDelay = TimeSpan.Zero)
            .Build();
        using var client = new ScriptedChatClient().WithCostControls(o =>
        {
            o.Routing.AddTier("small");
            o.Routing.AddTier("large");
            o.Routing.DefaultTier = "small";
            o.Routing.Cascade.Checks.Add(LlmThrift.Routing.AnswerChecks.Judged(judge));
        });

        await client.GetResponseAsync("question", new ChatOptions().WithCallRecord(closed => record = closed));

        Assert.Equal([CostStages.Provider, CostStages.Resilience, CostStages.Routing], record!.Attempts.Select(attempt => attempt.Stage));
        Assert.Equal(2 * record.BaselineCost, record.ActualCost);
    }

    private static HttpRequestException Limited(object wait)
    {
        var failure = Failing(HttpStatusCode.TooManyRequests);
        failure.Data["Retry-After"] = wait;
        return failure;
    }

    private sealed class EmptyStreams : IChatClient
    {
        public Task<ChatResponse> GetResponseAsync(
            IEnumerable<ChatMessage> messages,
            ChatOptions? options = null,
            CancellationToken cancellationToken = default
        ) => Task.FromResult(new ChatResponse());

        public IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(
            IEnumerable<ChatMessage> messages,
            ChatOptions? options = null,
            CancellationToken cancellationToken = default
        ) => AsyncEnumerable.Empty<ChatResponseUpdate>();

        public object? GetService(Type serviceType, object? serviceKey = null) => null;

        public void Dispose() { }
    }
}
