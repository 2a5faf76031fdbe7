using FsCheck;
using FsCheck.Fluent;
using LlmThrift.PrefixCaching;
using Xunit;

namespace LlmThrift.Tests.PrefixCaching;

public sealed class BreakpointChooserTests
{
    [Theory]
    [InlineData(true, true, -1, new[] { 0, 10 })]
    [InlineData(true, false, -1, new[] { 0 })]
    [InlineData(false, true, -1, new[] { 10 })]
    [InlineData(false, false, 2, new[] { 3 })] // what is held is read, though nothing is written
    [InlineData(true, true, 2, new[] { 0, 10 })] // what is held is near enough to be found
    public void Choose_short_history_marks_what_the_plan_says(bool markHead, bool markEnd, int live, int[] expected)
    {
        var chosen = BreakpointChooser.Choose(new PrefixPlan(markHead, markEnd, live, 0), 0, [1, 2, 3, 10], i => i, 4);

        Assert.Equal(expected, chosen);
    }

    [Fact]
    public void Choose_long_history_marks_what_is_held_and_every_twenty_contents_back()
    {
        var boundaries = Enumerable.Range(1, 100).ToArray();

        Assert.Equal([0, 60, 80, 100], BreakpointChooser.Choose(new PrefixPlan(true, true, -1, 0), 0, boundaries, i => i, 4));
        Assert.Equal([0, 50, 80, 100], BreakpointChooser.Choose(new PrefixPlan(true, true, 49, 0), 0, boundaries, i => i, 4));
        Assert.Equal([100], BreakpointChooser.Choose(new PrefixPlan(true, true, 49, 0), 0, boundaries, i => i, 1));
    }

    [Fact]
    public void Choose_any_plan_is_in_order_without_repetition_and_within_the_limit()
    {
        var cases =
            from markHead in ArbMap.Default.GeneratorFor<bool>()
            from markEnd in ArbMap.Default.GeneratorFor<bool>()
            from length in Gen.Choose(0, 120)
            from live in Gen.Choose(-1, Math.Max(-1, length - 1))
            from most in Gen.Choose(1, 6)
            select (markHead, markEnd: markEnd && length > 0, length, live, most);

        Prop.ForAll(
                cases.ToArbitrary(),
                c =>
                {
                    var boundaries = Enumerable.Range(1, c.length).ToArray();
                    var plan = new PrefixPlan(c.markHead, c.markEnd, c.live, 0);
                    var chosen = BreakpointChooser.Choose(plan, 0, boundaries, i => i, c.most);
                    return chosen.Count <= c.most
                        && chosen.SequenceEqual(chosen.Distinct().Order())
                        && chosen.TrueForAll(message => message == 0 || boundaries.Contains(message))
                        && (!c.markEnd || chosen.Contains(c.length));
                }
            )
            .QuickCheckThrowOnFailure();
    }
}
