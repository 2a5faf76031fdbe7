using LlmThrift.Local.Generation;
using LlmThrift.TestKit;
using Xunit;

namespace LlmThrift.Local.Tests.Generation;

public sealed class NewsSignalTests
{
    [Fact]
    public async Task News_that_came_before_is_told_once()
    {
        using var signal = new NewsSignal();
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
        using var signal = new NewsSignal();
        signal.Set();
        signal.Complete();

        Assert.True(await signal.WaitAsync());
        Assert.False(await signal.WaitAsync());
        Assert.False(await signal.WaitAsync());
    }

    [Fact]
    public async Task The_end_and_cancellation_end_the_waiting()
    {
        using var ended = new NewsSignal();
        using var cancelled = new NewsSignal();
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
    public async Task What_comes_within_an_interval_is_told_together()
    {
        var time = new ManualTimeProvider();
        using var signal = new NewsSignal(TimeSpan.FromMilliseconds(16), time);

        // The first is told at once.
        var waiting = signal.WaitAsync().AsTask();
        signal.Set();
        Assert.True(await waiting);

        waiting = signal.WaitAsync().AsTask();
        signal.Set();
        time.Advance(TimeSpan.FromMilliseconds(10));
        signal.Set();
        Assert.False(waiting.IsCompleted);
        time.Advance(TimeSpan.FromMilliseconds(6));
        Assert.True(await waiting);

        // What comes while nobody waits is held too.
        signal.Set();
        waiting = signal.WaitAsync().AsTask();
        Assert.False(waiting.IsCompleted);
        time.Advance(TimeSpan.FromMilliseconds(16));
        Assert.True(await waiting);
    }

    [Fact]
    public async Task Who_comes_after_the_interval_does_not_wait()
    {
        var time = new ManualTimeProvider();
        using var signal = new NewsSignal(TimeSpan.FromMilliseconds(16), time);
        signal.Set();
        Assert.True(await signal.WaitAsync());

        // The news comes late, the reader is there.
        var waiting = signal.WaitAsync().AsTask();
        time.Advance(TimeSpan.FromMilliseconds(20));
        Assert.False(waiting.IsCompleted);
        signal.Set();
        Assert.True(await waiting);

        // The reader comes late, the news is there.
        signal.Set();
        time.Advance(TimeSpan.FromMilliseconds(20));
        waiting = signal.WaitAsync().AsTask();
        Assert.True(waiting.IsCompleted);
        Assert.True(await waiting);
        Assert.Equal(0, time.PendingTimers);
    }

    [Fact]
    public async Task The_end_and_cancellation_do_not_wait_for_the_interval()
    {
        var time = new ManualTimeProvider();
        using var ended = new NewsSignal(TimeSpan.FromMilliseconds(16), time);
        using var cancelled = new NewsSignal(TimeSpan.FromMilliseconds(16), time);
        foreach (var signal in (NewsSignal[])[ended, cancelled])
        {
            signal.Set();
            Assert.True(await signal.WaitAsync());
        }

        var end = ended.WaitAsync().AsTask();
        var cancellation = cancelled.WaitAsync().AsTask();
        ended.Set();
        ended.Complete();
        cancelled.Set();
        cancelled.Cancel(new CancellationToken(true));

        Assert.True(await end);
        Assert.False(await ended.WaitAsync());
        await Assert.ThrowsAsync<OperationCanceledException>(() => cancellation);
        time.Advance(TimeSpan.FromSeconds(1));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public async Task A_reader_beside_a_writer_misses_nothing(int milliseconds)
    {
        using var signal = new NewsSignal(TimeSpan.FromMilliseconds(milliseconds));
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
