using FsCheck;
using FsCheck.Fluent;
using LlmThrift.PrefixCaching;
using LlmThrift.Pricing;
using Xunit;

namespace LlmThrift.Tests.PrefixCaching;

public sealed class PrefixEconomicsTests
{
    private static readonly TimeSpan FiveMinutes = TimeSpan.FromMinutes(5);

    [Theory]
    [InlineData(1.25, 0.1, 0.2174)] // Anthropic, 5 minutes
    [InlineData(2.0, 0.1, 0.5263)] // Anthropic, 1 hour
    [InlineData(1.0, 0.25, 0.0)] // a write that costs what input costs
    [InlineData(1.25, 0.5, 0.3333)]
    public void BreakEven_is_premium_over_premium_and_discount(double write, double read, double expected)
    {
        var price = new ModelPrice
        {
            Input = 4,
            CachedInput = 4 * (decimal)read,
            CacheWrite = 4 * (decimal)write,
            Output = 20,
        };

        Assert.Equal(expected, PrefixEconomics.BreakEven(price, FiveMinutes)!.Value, 4);
    }

    [Fact]
    public void BreakEven_from_one_hour_on_uses_the_price_of_long_lived_writes()
    {
        var price = new ModelPrice
        {
            Input = 1,
            CachedInput = 0.1m,
            CacheWrite = 1.25m,
            CacheWrite1h = 2,
            Output = 5,
        };

        Assert.Equal(1 / 1.9, PrefixEconomics.BreakEven(price, TimeSpan.FromHours(1))!.Value, 9);
        Assert.Equal(0.25 / 1.15, PrefixEconomics.BreakEven(price, TimeSpan.FromMinutes(59))!.Value, 9);
    }

    [Fact]
    public void BreakEven_unknown_price_or_no_discount_is_never()
    {
        Assert.Null(PrefixEconomics.BreakEven(null, FiveMinutes));
        Assert.Null(PrefixEconomics.BreakEven(new ModelPrice { Input = 1, Output = 1 }, FiveMinutes));
        Assert.Null(
            PrefixEconomics.BreakEven(
                new ModelPrice
                {
                    Input = 1,
                    CachedInput = 1,
                    Output = 1,
                },
                FiveMinutes
            )
        );
        Assert.False(PrefixEconomics.Pays(1, null));
    }

    /// <summary>The rule against the sums: n uses of a prefix, one write and n − 1 reads, cost less than n times input exactly when it says so.</summary>
    [Fact]
    public void Pays_exactly_when_the_bill_is_lower()
    {
        var cases =
            from write in Gen.Choose(100, 400)
            from read in Gen.Choose(0, 99)
            from uses in Gen.Choose(1, 50)
            select (write, read, uses);

        Prop.ForAll(
                cases.ToArbitrary(),
                c =>
                {
                    var price = new ModelPrice
                    {
                        Input = 100,
                        CachedInput = c.read,
                        CacheWrite = c.write,
                        Output = 1,
                    };
                    var isCheaper = c.write + ((c.uses - 1) * c.read) < c.uses * 100;
                    var isEven = c.write + ((c.uses - 1) * c.read) == c.uses * 100;
                    var pays = PrefixEconomics.Pays((c.uses - 1) / (double)c.uses, PrefixEconomics.BreakEven(price, FiveMinutes));
                    return isEven || pays == isCheaper;
                }
            )
            .QuickCheckThrowOnFailure();
    }
}
