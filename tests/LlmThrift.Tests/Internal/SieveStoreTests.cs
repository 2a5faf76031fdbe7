using LlmThrift.Internal;
using LlmThrift.Internal.Caching;
using LlmThrift.Pricing;
using LlmThrift.TestKit;
using Microsoft.Extensions.AI;
using Xunit;

namespace LlmThrift.Tests.Internal;

public sealed class SieveStoreTests
{
    private static readonly TimeSpan Hour = TimeSpan.FromHours(1);

    [Fact]
    public void Set_beyond_the_limit_evicts_the_oldest_that_was_not_read()
    {
        var store = new SieveStore<UInt128, RecordedResponse>(3, long.MaxValue, new ManualClock());
        Set(store, 1, Answer("1"), Hour);
        Set(store, 2, Answer("2"), Hour);
        Set(store, 3, Answer("3"), Hour);
        Assert.True(store.TryGet(1, out _));

        Set(store, 4, Answer("4"), Hour);
        Set(store, 5, Answer("5"), Hour);

        Assert.Equal([true, false, false, true, true], new UInt128[] { 1, 2, 3, 4, 5 }.Select(key => store.TryGet(key, out _)));
        Assert.Equal(3, store.Count);
    }

    [Fact]
    public void Set_when_all_were_read_still_finds_one_to_evict()
    {
        var store = new SieveStore<UInt128, RecordedResponse>(3, long.MaxValue, new ManualClock());
        for (var key = 1; key <= 3; key++)
        {
            Set(store, (UInt128)key, Answer("x"), Hour);
            store.TryGet((UInt128)key, out _);
        }

        Set(store, 4, Answer("x"), Hour);

        Assert.Equal(3, store.Count);
        Assert.True(store.TryGet(4, out _));
    }

    [Fact]
    public void Answer_larger_than_the_store_is_not_kept_and_evicts_nothing()
    {
        var store = new SieveStore<UInt128, RecordedResponse>(10, 2_000, new ManualClock());
        Set(store, 1, Answer("small"), Hour);

        Set(store, 2, Answer(new string('x', 5_000)), Hour);

        Assert.Equal(1, store.Count);
        Assert.True(store.TryGet(1, out _));
    }

    [Fact]
    public void Count_and_bytes_stay_right_under_any_sequence_of_operations()
    {
        var random = new Random(7);
        var clock = new ManualClock();
        var store = new SieveStore<UInt128, RecordedResponse>(20, 15_000, clock);
        for (var i = 0; i < 20_000; i++)
        {
            var key = (UInt128)random.Next(60);
            switch (random.Next(10))
            {
                case < 5:
                    Set(
                        store,
                        key,
                        Answer(new string('x', random.Next(400)), $"tag{random.Next(5)}"),
                        TimeSpan.FromMinutes(random.Next(1, 100))
                    );
                    break;
                case < 9:
                    store.TryGet(key, out _);
                    break;
                default:
                    var tag = $"tag{random.Next(5)}";
                    store.RemoveWhere(r => r.Tags.Contains(tag));
                    clock.Advance(TimeSpan.FromMinutes(1));
                    break;
            }

            Assert.InRange(store.Count, 0, 20);
            Assert.InRange(store.Bytes, 0, 15_000);
        }

        store.RemoveWhere(_ => true);
        Assert.Equal((0, 0L), (store.Count, store.Bytes));
    }

    [Fact]
    public async Task Readers_and_writers_at_once_leave_the_store_whole()
    {
        var store = new SieveStore<UInt128, RecordedResponse>(50, long.MaxValue, TimeProvider.System);
        await Task.WhenAll(
            Enumerable
                .Range(0, 8)
                .Select(worker =>
                    Task.Run(() =>
                    {
                        var random = new Random(worker);
                        for (var i = 0; i < 20_000; i++)
                        {
                            var key = (UInt128)random.Next(200);
                            if (random.Next(2) == 0)
                            {
                                Set(store, key, Answer(key.ToString(null, null)), Hour);
                            }
                            else if (store.TryGet(key, out var answer))
                            {
                                Assert.Equal(key.ToString(null, null), answer.Messages[0].Contents[0].Text);
                            }
                        }
                    })
                )
        );

        Assert.InRange(store.Count, 1, 50);
        store.RemoveWhere(_ => true);
        Assert.Equal((0, 0L), (store.Count, store.Bytes));
    }

    private static void Set(SieveStore<UInt128, RecordedResponse> store, UInt128 key, RecordedResponse answer, TimeSpan expiration) =>
        store.Set(key, answer, answer.Size, expiration);

    private static RecordedResponse Answer(string text, params string[] tags) =>
        new()
        {
            Messages = [new RecordedMessage(ChatRole.Assistant, null, null, [RecordedContent.OfText(text, null)])],
            Usage = TokenUsage.Empty,
            RequestedAt = DateTimeOffset.UnixEpoch,
            Tags = tags,
        };
}
