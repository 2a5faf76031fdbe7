using System.ClientModel;
using ConsoleReplay.Running;
using ConsoleReplay.Traffic;
using Microsoft.Extensions.AI;
using Xunit;

namespace ConsoleReplay.Tests;

public sealed class ReplayerTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task RunAsync_makes_every_call_once(bool stream)
    {
        using var client = new CountingClient(_ => null);
        var completed = 0;

        var outcome = await Replayer(client)
            .RunAsync(Calls(100, stream), () => Interlocked.Increment(ref completed), CancellationToken.None);

        Assert.Equal((100, 0), (outcome.Answered, outcome.Failed));
        Assert.Equal(stream ? (0, 100) : (100, 0), (client.Plain, client.Streamed));
        Assert.Equal(100, completed);
    }

    [Fact]
    public async Task RunAsync_failed_calls_are_counted_by_reason_without_the_services_words()
    {
        using var client = new CountingClient(number =>
            number % 4 == 0 ? new HttpRequestException("SECRET", null, System.Net.HttpStatusCode.TooManyRequests) : null
        );

        var outcome = await Replayer(client, concurrency: 1).RunAsync(Calls(20), () => { }, CancellationToken.None);

        var (reason, count) = Assert.Single(outcome.Failures);
        Assert.Equal((15, 5), (outcome.Answered, count));
        Assert.StartsWith("status 429", reason, StringComparison.Ordinal);
        Assert.DoesNotContain("SECRET", reason, StringComparison.Ordinal);
        Assert.Null(outcome.StopReason);
    }

    [Fact]
    public async Task RunAsync_five_failures_in_a_row_stop_the_replay()
    {
        using var client = new CountingClient(_ => new ClientResultException("SECRET"));

        var outcome = await Replayer(client, concurrency: 1).RunAsync(Calls(100), () => { }, CancellationToken.None);

        Assert.Equal((0, 5), (outcome.Answered, outcome.Failed));
        Assert.Contains("no connection", outcome.StopReason, StringComparison.Ordinal);
        Assert.False(outcome.IsCancelled);
    }

    [Fact]
    public async Task RunAsync_cancelled_reports_what_was_done()
    {
        using var cancellation = new CancellationTokenSource();
        using var client = new CountingClient(number =>
        {
            if (number == 10)
                cancellation.Cancel();
            return null;
        });

        var outcome = await Replayer(client, concurrency: 1).RunAsync(Calls(100), () => { }, cancellation.Token);

        Assert.True(outcome.IsCancelled);
        Assert.Equal((10, 0), (outcome.Answered, outcome.Failed));
    }

    private static Replayer Replayer(IChatClient client, int concurrency = 8) =>
        new(client, call => call.Options, concurrency, TimeProvider.System);

    private static List<ReplayCall> Calls(int count, bool stream = false) =>
        [
            .. Enumerable
                .Range(0, count)
                .Select(number => new ReplayCall
                {
                    Messages = [new ChatMessage(ChatRole.User, $"Question {number}")],
                    Options = new ChatOptions(),
                    Stream = stream,
                }),
        ];

    private sealed class CountingClient(Func<int, Exception?> fail) : IChatClient
    {
        private int _calls;
        private int _plain;
        private int _streamed;

        public int Plain => _plain;

        public int Streamed => _streamed;

        public Task<ChatResponse> GetResponseAsync(
            IEnumerable<ChatMessage> messages,
            ChatOptions? options = null,
            CancellationToken cancellationToken = default
        )
        {
            Interlocked.Increment(ref _plain);
            return fail(Interlocked.Increment(ref _calls)) is { } failure
                ? Task.FromException<ChatResponse>(failure)
                : Task.FromResult(new ChatResponse(new ChatMessage(ChatRole.Assistant, "Answer")));
        }

        public async IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(
            IEnumerable<ChatMessage> messages,
            ChatOptions? options = null,
            [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken = default
        )
        {
            Interlocked.Increment(ref _streamed);
            await Task.Yield();
            yield return new ChatResponseUpdate(ChatRole.Assistant, "Ans");
            yield return new ChatResponseUpdate(ChatRole.Assistant, "wer");
        }

        public object? GetService(Type serviceType, object? serviceKey = null) => null;

        public void Dispose()
        {
            // Nothing is held.
        }
    }
}
