using System.Buffers;
using System.Text;
using Microsoft.Extensions.Caching.Distributed;
using Xunit;

namespace LlmThrift.TestKit.Stores;

/// <summary>What holds for every distributed cache. Derive, and say which cache and how its time passes.</summary>
public abstract class DistributedCacheContract
{
    private static readonly byte[] Value = [1, 2, 3];

    protected abstract IDistributedCache Cache { get; }

    /// <summary>Lets time pass by the cache's clock.</summary>
    protected abstract void Pass(TimeSpan time);

    protected abstract DateTimeOffset Now { get; }

    [StoreFact]
    public Task Value_reads_back_until_it_is_replaced_or_removed() => ReadBackAsync(isSynchronous: false);

    [StoreFact]
    public Task Value_reads_back_until_it_is_replaced_or_removed_without_tasks() => ReadBackAsync(isSynchronous: true);

    private async Task ReadBackAsync(bool isSynchronous)
    {
        Assert.Null(await GetAsync("key", isSynchronous));
        await SetAsync("key", Value, new(), isSynchronous);
        Assert.Equal(Value, await GetAsync("key", isSynchronous));
        await SetAsync("key", [9], new(), isSynchronous);
        Assert.Equal([9], await GetAsync("key", isSynchronous));
        if (isSynchronous)
        {
            Cache.Remove("key");
        }
        else
        {
            await Cache.RemoveAsync("key");
        }

        Assert.Null(await GetAsync("key", isSynchronous));
        await Cache.RemoveAsync("key");
    }

    [StoreFact]
    public async Task Keys_keep_apart_whatever_they_are()
    {
        string[] keys = ["a", "A", "ä", "a'", "日本", new string('k', 2_000)];
        foreach (var key in keys)
        {
            await Cache.SetAsync(key, Encoding.UTF8.GetBytes(key), new());
        }

        foreach (var key in keys)
        {
            Assert.Equal(key, Encoding.UTF8.GetString((await Cache.GetAsync(key))!));
        }
    }

    [StoreFact]
    public async Task Value_may_be_empty_or_large()
    {
        var large = new byte[500_000];
        new Random(1).NextBytes(large);
        await Cache.SetAsync("empty", [], new());
        await Cache.SetAsync("large", large, new());

        Assert.Empty((await Cache.GetAsync("empty"))!);
        Assert.Equal(large, await Cache.GetAsync("large"));
    }

    [StoreFact]
    public Task Absolute_expiration_ends_a_value() => ExpireAsync(isRelative: false);

    [StoreFact]
    public Task Absolute_expiration_relative_to_now_ends_a_value() => ExpireAsync(isRelative: true);

    private async Task ExpireAsync(bool isRelative)
    {
        var time = TimeSpan.FromMinutes(10);
        await Cache.SetAsync(
            "key",
            Value,
            isRelative ? new() { AbsoluteExpirationRelativeToNow = time } : new() { AbsoluteExpiration = Now + time }
        );

        Pass(TimeSpan.FromMinutes(9));
        Assert.NotNull(await Cache.GetAsync("key"));
        Pass(TimeSpan.FromMinutes(1));
        Assert.Null(await Cache.GetAsync("key"));
    }

    [StoreFact]
    public async Task Sliding_expiration_ends_a_value_that_is_not_used()
    {
        await Cache.SetAsync("read", Value, new() { SlidingExpiration = TimeSpan.FromMinutes(10) });
        await Cache.SetAsync("refreshed", Value, new() { SlidingExpiration = TimeSpan.FromMinutes(10) });
        await Cache.SetAsync("left", Value, new() { SlidingExpiration = TimeSpan.FromMinutes(10) });
        for (var minutes = 0; minutes < 30; minutes += 6)
        {
            Pass(TimeSpan.FromMinutes(6));
            Assert.NotNull(await Cache.GetAsync("read"));
            await Cache.RefreshAsync("refreshed");
        }

        Cache.Refresh("refreshed");
        Assert.NotNull(await Cache.GetAsync("refreshed"));
        Assert.Null(await Cache.GetAsync("left"));
        Pass(TimeSpan.FromMinutes(11));
        Assert.Null(await Cache.GetAsync("read"));
    }

    [StoreFact]
    public async Task Absolute_expiration_ends_a_sliding_one()
    {
        await Cache.SetAsync(
            "key",
            Value,
            new() { SlidingExpiration = TimeSpan.FromMinutes(10), AbsoluteExpirationRelativeToNow = TimeSpan.FromMinutes(15) }
        );

        Pass(TimeSpan.FromMinutes(8));
        Assert.NotNull(await Cache.GetAsync("key"));
        Pass(TimeSpan.FromMinutes(8));
        Assert.Null(await Cache.GetAsync("key"));
    }

    [StoreFact]
    public async Task Expiration_in_the_past_is_refused() =>
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() =>
            Cache.SetAsync("key", Value, new() { AbsoluteExpiration = Now - TimeSpan.FromSeconds(1) })
        );

    [StoreFact]
    public async Task Buffers_are_read_and_written()
    {
        if (Cache is not IBufferDistributedCache cache)
        {
            return;
        }

        var first = new Segment(new byte[] { 1, 2 });
        var value = new ReadOnlySequence<byte>(first, 0, first.Then(new byte[] { 3, 4 }), 2);
        await cache.SetAsync("key", value, new());
        cache.Set("key2", value, new());
        var buffer = new ArrayBufferWriter<byte>();

        Assert.True(await cache.TryGetAsync("key", buffer));
        Assert.True(cache.TryGet("key2", buffer));
        Assert.False(await cache.TryGetAsync("key3", buffer));
        Assert.Equal([1, 2, 3, 4, 1, 2, 3, 4], buffer.WrittenSpan.ToArray());
    }

    [StoreFact]
    public async Task Many_callers_at_once_get_what_was_set()
    {
        await Task.WhenAll(
            Enumerable
                .Range(0, 500)
                .Select(index =>
                    Task.Run(async () =>
                    {
                        var key = $"key{index % 20}";
                        await Cache.SetAsync(key, Encoding.UTF8.GetBytes(key), new() { SlidingExpiration = TimeSpan.FromHours(1) });
                        Assert.Equal(key, Encoding.UTF8.GetString((await Cache.GetAsync(key))!));
                    })
                )
        );
    }

    [StoreFact]
    public async Task Operation_cancelled_before_it_begins_ends_as_cancelled()
    {
        var cancelled = new CancellationToken(canceled: true);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Cache.SetAsync("key", Value, new(), cancelled));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Cache.GetAsync("key", cancelled));
        Assert.Null(await Cache.GetAsync("key"));
    }

    private async Task<byte[]?> GetAsync(string key, bool isSynchronous) => isSynchronous ? Cache.Get(key) : await Cache.GetAsync(key);

    private async Task SetAsync(string key, byte[] value, DistributedCacheEntryOptions options, bool isSynchronous)
    {
        if (isSynchronous)
        {
            Cache.Set(key, value, options);
        }
        else
        {
            await Cache.SetAsync(key, value, options);
        }
    }

    private sealed class Segment : ReadOnlySequenceSegment<byte>
    {
        public Segment(ReadOnlyMemory<byte> memory)
        {
            Memory = memory;
        }

        public Segment Then(ReadOnlyMemory<byte> memory)
        {
            var next = new Segment(memory) { RunningIndex = RunningIndex + Memory.Length };
            Next = next;
            return next;
        }
    }
}
