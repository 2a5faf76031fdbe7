using System.Net;
using LlmThrift.Diagnostics;
using LlmThrift.Metering;
using LlmThrift.Resilience;
using LlmThrift.TestKit;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.DependencyInjection;
using Xunit;
using static LlmThrift.Tests.Resilience.ResilienceBench;

namespace LlmThrift.Tests.Resilience;

public sealed class CircuitBreakerTests
{
    [Fact]
    public async Task Provider_that_keeps_failing_is_left_alone_then_tried_once_then_back()
    {
        var isDown = true;
        using var bench = new ResilienceBench(
            _ => isDown ? ScriptedAnswer.Failing(Failing(HttpStatusCode.InternalServerError)) : new ScriptedAnswer(),
            o => o.MaxRetries = 0
        );
        await FailAsync(bench, 10);

        var open = await Assert.ThrowsAsync<CircuitOpenException>(() => bench.AskAsync());
        Assert.Equal(10, bench.Provider.Calls);
        Assert.Equal(bench.Clock.GetUtcNow() + TimeSpan.FromSeconds(30), open.ClosesAt);
        Assert.Equal(TimeSpan.FromSeconds(30), open.RetryAfter);
        Assert.Contains("openai/gpt-4o", open.Message, StringComparison.Ordinal);
        Assert.Contains("in 30 seconds", open.Message, StringComparison.Ordinal);
        Assert.IsType<HttpRequestException>(open.InnerException);
        Assert.Equal(["breaker_open"], bench.Notes);
        Assert.Equal((0m, 0m, CallOutcome.Failed), (bench.Record!.ActualCost, bench.Record.BaselineCost, bench.Record.Outcome));

        // Half open: the one that is let through fails, and it opens again.
        bench.Clock.Advance(TimeSpan.FromSeconds(30));
        await Assert.ThrowsAsync<HttpRequestException>(() => bench.AskAsync());
        await Assert.ThrowsAsync<CircuitOpenException>(() => bench.AskAsync(isStreaming: true));
        Assert.Equal(11, bench.Provider.Calls);

        // Half open again, and closed by an answer.
        isDown = false;
        bench.Clock.Advance(TimeSpan.FromSeconds(30));
        await bench.AskAsync();
        await bench.AskAsync(isStreaming: true);
        Assert.Equal(13, bench.Provider.Calls);
    }

    [Fact]
    public async Task While_one_attempt_decides_no_other_is_made()
    {
        var gate = new TaskCompletionSource();
        using var bench = new ResilienceBench(
            attempt =>
                attempt <= 10
                    ? ScriptedAnswer.Failing(Failing(HttpStatusCode.InternalServerError))
                    : new ScriptedAnswer { Gate = gate.Task },
            o => o.MaxRetries = 0
        );
        await FailAsync(bench, 10);
        bench.Clock.Advance(TimeSpan.FromSeconds(30));
        var deciding = bench.AskAsync();
        await UntilAsync(() => bench.Provider.Calls == 11);

        await Assert.ThrowsAsync<CircuitOpenException>(() => bench.AskAsync());
        gate.SetResult();
        await deciding;
        await bench.AskAsync();

        Assert.Equal(12, bench.Provider.Calls);
    }

    [Fact]
    public async Task Attempt_that_decides_and_is_cancelled_does_not_close_the_circuit()
    {
        using var bench = new ResilienceBench(
            attempt =>
                attempt <= 10
                    ? ScriptedAnswer.Failing(Failing(HttpStatusCode.InternalServerError))
                    : new ScriptedAnswer { Gate = new TaskCompletionSource().Task },
            o => o.MaxRetries = 0
        );
        await FailAsync(bench, 10);
        bench.Clock.Advance(TimeSpan.FromSeconds(30));
        using var source = new CancellationTokenSource();
        var deciding = bench.AskAsync(cancellationToken: source.Token);
        await UntilAsync(() => bench.Provider.Calls == 11);

        await source.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => deciding);
        await Assert.ThrowsAsync<CircuitOpenException>(() => bench.AskAsync());
    }

    [Fact]
    public async Task Bad_requests_do_not_open_it()
    {
        using var bench = new ResilienceBench(_ => ScriptedAnswer.Failing(Failing(HttpStatusCode.BadRequest)));

        await FailAsync(bench, 30);

        Assert.Equal(30, bench.Provider.Calls);
    }

    [Theory]
    [InlineData(null)]
    [InlineData(0.0)]
    public async Task Breaker_that_is_switched_off_never_opens(double? ratio)
    {
        using var bench = new ResilienceBench(
            _ => ScriptedAnswer.Failing(Failing(HttpStatusCode.InternalServerError)),
            o => (o.MaxRetries, o.BreakerFailureRatio) = (0, ratio)
        );

        await FailAsync(bench, 30);

        Assert.Equal(30, bench.Provider.Calls);
    }

    [Fact]
    public async Task Retry_that_meets_an_open_breaker_ends_at_once_and_the_failed_attempt_stays_on_the_bill()
    {
        using var bench = new ResilienceBench(
            _ => ScriptedAnswer.Failing(Failing(HttpStatusCode.InternalServerError)),
            o => o.BreakerMinimumThroughput = 2
        );

        var call = bench.AskAsync();
        await bench.PassPausesAsync(call);

        await Assert.ThrowsAsync<CircuitOpenException>(() => call);
        Assert.Equal(2, bench.Provider.Calls);
        Assert.Equal(2, bench.Record!.Attempts.Count);
        Assert.Equal(["retried", "breaker_open"], bench.Notes);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Open_breaker_of_one_tier_sends_calls_to_another_at_once(bool isStreaming)
    {
        using var small = new ScriptedChatClient(ScriptedAnswer.Failing(Failing(HttpStatusCode.ServiceUnavailable)));
        using var bench = new ResilienceBench(
            _ => new ScriptedAnswer(),
            o =>
            {
                o.Resilience.MaxRetries = 0;
                o.Routing.AddTier("small", client: small);
                o.Routing.AddTier("large");
                o.Routing.DefaultTier = "small";
                o.Routing.IsSticky = false;
            }
        );

        for (var call = 0; call < 12; call++)
        {
            Assert.Equal("Hello, world.", (await bench.AskAsync(isStreaming)).Text);
        }

        Assert.Equal((10, 12), (small.Calls, bench.Provider.Calls));
        Assert.Equal("large", bench.Record!.Routing!.Tier);
        Assert.Equal(["breaker_open"], bench.Notes);
        Assert.Contains(bench.Record.Notes, note => note is { Stage: CostStages.Routing, Reason: "fell_back" });
        Assert.Equal(FullCost, bench.Record.ActualCost);
    }

    [Fact]
    public async Task Models_of_one_provider_have_a_breaker_each()
    {
        using var provider = new ScriptedChatClient(
            (_, options) =>
                options!.ModelId == "small" ? ScriptedAnswer.Failing(Failing(HttpStatusCode.TooManyRequests)) : new ScriptedAnswer()
        );
        using var client = provider.AsBuilder().UseResilience(o => o.MaxRetries = 0).Build();
        for (var call = 0; call < 10; call++)
        {
            await Assert.ThrowsAsync<HttpRequestException>(() =>
                client.GetResponseAsync("question", new ChatOptions { ModelId = "small" })
            );
        }

        await Assert.ThrowsAsync<CircuitOpenException>(() => client.GetResponseAsync("question", new ChatOptions { ModelId = "small" }));
        await client.GetResponseAsync("question", new ChatOptions { ModelId = "large" });

        Assert.Equal(11, provider.Calls);
    }

    [Fact]
    public async Task Clients_of_all_scopes_share_a_breaker()
    {
        using var provider = new ScriptedChatClient(ScriptedAnswer.Failing(Failing(HttpStatusCode.ServiceUnavailable)));
        var services = new ServiceCollection();
        services.AddChatClient(_ => provider, ServiceLifetime.Transient).UseResilience(o => o.MaxRetries = 0);
        await using var container = services.BuildServiceProvider();
        IChatClient Client() => container.GetRequiredService<IChatClient>();
        for (var call = 0; call < 10; call++)
        {
            await Assert.ThrowsAsync<HttpRequestException>(() => Client().GetResponseAsync("question"));
        }

        await Assert.ThrowsAsync<CircuitOpenException>(() => Client().GetResponseAsync("question"));
    }

    private static async Task FailAsync(ResilienceBench bench, int calls)
    {
        for (var call = 0; call < calls; call++)
        {
            await Assert.ThrowsAsync<HttpRequestException>(() => bench.AskAsync(isStreaming: call % 2 == 0));
        }
    }
}
