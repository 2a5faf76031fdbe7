using LlmThrift.Internal;
using Xunit;

namespace LlmThrift.Tests.Internal;

public sealed class BinomialIntervalTests
{
    /// <summary>Known values: the rule of three's exact form 1 - 0.025^(1/n), and intervals printed in textbooks.</summary>
    [Theory]
    [InlineData(0, 10, 0.0, 0.3084971)]
    [InlineData(1, 10, 0.0025286, 0.4450161)]
    [InlineData(5, 10, 0.1870860, 0.8129140)]
    [InlineData(10, 10, 0.6915029, 1.0)]
    [InlineData(0, 100, 0.0, 0.0362167)]
    [InlineData(4, 20, 0.0573340, 0.4366140)]
    public void ClopperPearson_gives_known_intervals(int successes, int trials, double lower, double upper)
    {
        var interval = BinomialInterval.ClopperPearson(successes, trials, 0.95);

        Assert.Equal(lower, interval.Lower, 0.0000005);
        Assert.Equal(upper, interval.Upper, 0.0000005);
    }

    [Fact]
    public void ClopperPearson_of_no_trials_is_everything() => Assert.Equal((0.0, 1.0), BinomialInterval.ClopperPearson(0, 0, 0.95));

    /// <summary>Known values: 81 of 263 is the example of Newcombe ("Two-sided confidence intervals for the single proportion", Statistics in Medicine 1998), as are 15 of 148, 0 of 20 and 1 of 29.</summary>
    [Theory]
    [InlineData(81, 263, 0.2553, 0.3662)]
    [InlineData(15, 148, 0.0624, 0.1605)]
    [InlineData(0, 20, 0.0, 0.1611)]
    [InlineData(1, 29, 0.0061, 0.1718)]
    [InlineData(0, 10, 0.0, 0.2775)]
    [InlineData(10, 10, 0.7225, 1.0)]
    [InlineData(5, 10, 0.2366, 0.7634)]
    public void Wilson_gives_known_intervals(int successes, int trials, double lower, double upper)
    {
        var interval = BinomialInterval.Wilson(successes, trials, 1.959964);

        Assert.Equal(lower, interval.Lower, 0.00005);
        Assert.Equal(upper, interval.Upper, 0.00005);
    }

    [Fact]
    public void Wilson_at_the_ends_is_exact_and_of_no_trials_is_everything()
    {
        Assert.Equal((0.0, 1.0), BinomialInterval.Wilson(0, 0, 1.96));
        for (var trials = 1; trials < 200; trials++)
        {
            Assert.Equal(0, BinomialInterval.Wilson(0, trials, 1.96).Lower);
            Assert.Equal(1, BinomialInterval.Wilson(trials, trials, 1.96).Upper);
        }
    }

    /// <summary>By its definition: the bound is the share from which what was seen is just so many deviations away.</summary>
    [Theory]
    [InlineData(3, 50)]
    [InlineData(17, 1_000)]
    [InlineData(49, 50)]
    public void Wilson_bounds_are_as_many_deviations_away_as_was_asked_for(int successes, int trials)
    {
        var (lower, upper) = BinomialInterval.Wilson(successes, trials, 2.5);

        Assert.Equal(2.5, ((double)successes / trials - lower) / Math.Sqrt(lower * (1 - lower) / trials), 1e-9);
        Assert.Equal(2.5, (upper - ((double)successes / trials)) / Math.Sqrt(upper * (1 - upper) / trials), 1e-9);
    }

    /// <summary>By its definition: at the bound, as few successes as were seen have just the probability that is left over.</summary>
    [Theory]
    [InlineData(0, 299)]
    [InlineData(3, 50)]
    [InlineData(17, 1_000)]
    [InlineData(49, 50)]
    public void Bounds_are_where_the_binomial_tail_is_the_rest(int successes, int trials)
    {
        var upper = BinomialInterval.Upper(successes, trials, 0.95);
        Assert.Equal(0.05, Tail(0, successes, trials, upper), 0.0000001);
        var lower = BinomialInterval.Lower(successes, trials, 0.95);
        if (successes > 0)
        {
            Assert.Equal(0.05, Tail(successes, trials, trials, lower), 0.0000001);
        }
    }

    [Fact]
    public void Bounds_of_large_samples_are_near_those_of_the_normal_distribution()
    {
        var (lower, upper) = BinomialInterval.ClopperPearson(10_000_000, 1_000_000_000, 0.95);
        var deviation = 1.959964 * Math.Sqrt(0.01 * 0.99 / 1_000_000_000);

        Assert.Equal(0.01 - deviation, lower, 0.000000005);
        Assert.Equal(0.01 + deviation, upper, 0.000000005);
    }

    [Fact]
    public void Bad_arguments_are_refused()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => BinomialInterval.Upper(-1, 10, 0.95));
        Assert.Throws<ArgumentOutOfRangeException>(() => BinomialInterval.Upper(11, 10, 0.95));
        Assert.Throws<ArgumentOutOfRangeException>(() => BinomialInterval.Upper(1, 10, 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => BinomialInterval.ClopperPearson(1, 10, double.NaN));
        Assert.Throws<ArgumentOutOfRangeException>(() => BinomialInterval.Wilson(-1, 10, 1.96));
        Assert.Throws<ArgumentOutOfRangeException>(() => BinomialInterval.Wilson(11, 10, 1.96));
        Assert.Throws<ArgumentOutOfRangeException>(() => BinomialInterval.Wilson(1, 10, 0));
        Assert.Throws<ArgumentOutOfRangeException>(() => BinomialInterval.Wilson(1, 10, double.NaN));
    }

    /// <summary>The probability of between <paramref name="from"/> and <paramref name="to"/> successes, added up one by one.</summary>
    private static double Tail(int from, int to, int trials, double share)
    {
        var sum = 0.0;
        for (var k = from; k <= to; k++)
        {
            var log = (k * Math.Log(share)) + ((trials - k) * Math.Log(1 - share));
            for (var i = 1; i <= k; i++)
            {
                log += Math.Log((double)(trials - k + i) / i);
            }

            sum += Math.Exp(log);
        }

        return sum;
    }
}
