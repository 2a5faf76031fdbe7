using LlmThrift.PrefixCaching;
using Xunit;

namespace LlmThrift.Tests.PrefixCaching;

public sealed class PrefixHistoryTests
{
    private const double BreakEven = 0.2174;

    private static readonly DateTimeOffset Start = new(2026, 9, 1, 0, 0, 0, TimeSpan.Zero);
    private static readonly TimeSpan Lifetime = TimeSpan.FromMinutes(5);

    [Fact]
    public void Observe_head_that_never_comes_again_is_marked_three_times_and_then_no_more()
    {
        var history = new PrefixHistory(Lifetime);

        var marked = Enumerable
            .Range(1, 10)
            .Select(i => history.Observe("faq", (UInt128)i, [], BreakEven, Start + (i * 2 * Lifetime)).MarkHead)
            .ToList();

        Assert.Equal([true, true, true, false, false, false, false, false, false, false], marked);
    }

    [Fact]
    public void Observe_head_that_is_held_by_the_provider_is_marked_whatever_the_rate()
    {
        var history = new PrefixHistory(Lifetime);
        Assert.True(history.Observe("faq", 1, [], BreakEven, Start).MarkHead);

        Assert.True(history.Observe("faq", 1, [], breakEven: 0.999, Start + TimeSpan.FromMinutes(4)).MarkHead);
        Assert.True(history.Observe("faq", 1, [], breakEven: 0.999, Start + TimeSpan.FromMinutes(8)).MarkHead);
        Assert.False(history.Observe("faq", 1, [], breakEven: 0.999, Start + TimeSpan.FromMinutes(13)).MarkHead);
        Assert.False(history.Observe("faq", 1, [], breakEven: null, Start + TimeSpan.FromMinutes(13)).MarkHead);
    }

    [Fact]
    public void Observe_reuse_is_learned_for_each_feature()
    {
        var history = new PrefixHistory(Lifetime);
        for (var i = 0; i < 20; i++)
        {
            history.Observe("once", (UInt128)(100 + i), [], BreakEven, Start + (i * 2 * Lifetime));
        }

        Assert.False(history.Observe("once", 500, [], BreakEven, Start + TimeSpan.FromHours(9)).MarkHead);
        Assert.True(history.Observe("often", 501, [], BreakEven, Start + TimeSpan.FromHours(9)).MarkHead);
    }

    [Fact]
    public void Observe_conversation_that_goes_on_is_recognised_by_its_earlier_end()
    {
        var history = new PrefixHistory(Lifetime);

        var first = history.Observe("chat", 1, [11], BreakEven, Start);
        var second = history.Observe("chat", 1, [11, 12, 13], BreakEven, Start + TimeSpan.FromMinutes(1));
        var late = history.Observe("chat", 1, [11, 12, 13, 14], BreakEven, Start + TimeSpan.FromMinutes(7));

        Assert.Equal((true, -1), (first.MarkEnd, first.Live));
        Assert.Equal((true, 0), (second.MarkEnd, second.Live));
        Assert.Equal((true, -1), (late.MarkEnd, late.Live));
    }

    [Fact]
    public void Observe_new_heads_in_a_row_are_counted_until_one_comes_again()
    {
        var history = new PrefixHistory(Lifetime);

        var counts = new UInt128[] { 1, 2, 3, 3, 4 }.Select(head => history.Observe(null, head, [], BreakEven, Start).NewHeads);

        Assert.Equal([1, 2, 3, 0, 1], counts);
    }

    [Fact]
    public void Observe_few_heads_taking_turns_once_an_hour_are_not_new()
    {
        var history = new PrefixHistory(Lifetime);

        var counts = Enumerable
            .Range(0, 20)
            .Select(hour => history.Observe(null, (UInt128)(hour % 2), [], BreakEven, Start + TimeSpan.FromHours(hour)).NewHeads);

        Assert.Equal([1, 2, .. Enumerable.Repeat(0, 18)], counts);
    }

    [Fact]
    public void Observe_many_prefixes_within_a_lifetime_keeps_no_more_than_its_bound()
    {
        var history = new PrefixHistory(Lifetime, maxPrefixes: 100);

        for (var i = 1; i <= 10_000; i++)
        {
            history.Observe($"feature {i}", (UInt128)i, [], BreakEven, Start);
        }

        Assert.InRange(history.Count, 1, 102);
    }
}
