using LlmThrift.Local.Generation;
using Xunit;

namespace LlmThrift.Local.Tests.Generation;

public sealed class NewsSignalTests
{
    [Fact]
    public async Task News_that_came_before_is_told_once()
    {
        var signal = new NewsSignal();
        signal.Set();
        signal.Set();

        Assert.True(await signal.WaitAsync());
        var waiting = signal.WaitAsync();
        Assert.False(waiting.IsCompleted);
        signal.Set();
        Assert.True(await waiting);
    }

    [Fact]
    public async Task The_end_comes_after_the_last_news()
    {
        var signal = new NewsSignal();
        signal.Set();
        signal.Complete();

        Assert.True(await signal.WaitAsync());
        Assert.False(await signal.WaitAsync());
        Assert.False(await signal.WaitAsync());
    }

    [Fact]
    public async Task The_end_and_cancellation_end_the_waiting()
    {
        var ended = new NewsSignal();
        var cancelled = new NewsSignal();
        var end = ended.WaitAsync();
        var cancellation = cancelled.WaitAsync();

        ended.Complete();
        cancelled.Cancel(new CancellationToken(true));

        Assert.False(await end);
        var problem = await Assert.ThrowsAsync<OperationCanceledException>(async () => await cancellation);
        Assert.True(problem.CancellationToken.IsCancellationRequested);

        // Nobody waits: the next who does is not cancelled by what came before.
        cancelled.Cancel(new CancellationToken(true));
        cancelled.Set();
        Assert.True(await cancelled.WaitAsync());
    }

    [Fact]
    public async Task A_reader_beside_a_writer_misses_nothing()
    {
        var signal = new NewsSignal();
        var written = 0;
        var writer = Task.Run(() =>
        {
            for (var i = 0; i < 100_000; i++)
            {
                Interlocked.Increment(ref written);
                signal.Set();
            }

            signal.Complete();
        });

        var seen = 0;
        while (await signal.WaitAsync())
        {
            seen = Volatile.Read(ref written);
        }

        await writer;
        Assert.Equal(100_000, seen);
    }
}
