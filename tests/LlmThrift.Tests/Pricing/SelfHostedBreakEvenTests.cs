using FsCheck;
using FsCheck.Fluent;
using LlmThrift.Pricing;
using Xunit;

namespace LlmThrift.Tests.Pricing;

public sealed class SelfHostedBreakEvenTests
{
    private static readonly ModelPrice s_api = new()
    {
        Input = 1m,
        CachedInput = 0.1m,
        Output = 4m,
    };

    [Fact]
    public void TokensPerMonth_is_where_both_cost_the_same()
    {
        // $1.60 per million tokens of the mix; 2 USD × 730 hours = 1,460 USD.
        var breakEven = new SelfHostedBreakEven(new SelfHostedPrice(2m, 1_000m), s_api, inputShare: 0.8m);

        Assert.Equal(1.6m, breakEven.ApiUsdPerMillionTokens);
        Assert.Equal(912_500_000, breakEven.TokensPerMonth);
        Assert.Equal(2_628_000_000, breakEven.MaxTokensPerMonth);
        Assert.Equal(0.3472m, Math.Round(breakEven.Utilization!.Value, 4));
        var there = breakEven.At(912_500_000);
        Assert.Equal((1_460m, 1_460m, 0m), (there.MachineUsd, there.ApiUsd, there.SavingUsd));
    }

    [Fact]
    public void Speeds_of_input_and_output_count_by_their_share()
    {
        // A million tokens: 800,000 at 8,000/s and 200,000 at 1,000/s are 300 s.
        var machine = new SelfHostedPrice(3m, 1_000m) { InputTokensPerSecond = 8_000m };
        var breakEven = new SelfHostedBreakEven(machine, s_api, inputShare: 0.8m, hoursPerMonth: 100m);

        Assert.Equal(1_200_000_000, breakEven.MaxTokensPerMonth);
        Assert.Equal(0.25m, breakEven.MachineUsdPerMillionTokens);
        Assert.Equal(0.5m, breakEven.At(600_000_000).Utilization);
    }

    [Fact]
    public void Cached_input_costs_the_api_its_own_price()
    {
        var breakEven = new SelfHostedBreakEven(new SelfHostedPrice(2m, 1_000m), s_api, inputShare: 0.8m, cachedInputShare: 0.5m);

        Assert.Equal(0.8m * 0.55m + 0.2m * 4m, breakEven.ApiUsdPerMillionTokens);
    }

    [Fact]
    public void Cached_input_without_a_price_of_its_own_costs_what_input_costs()
    {
        var api = new ModelPrice { Input = 1m, Output = 4m };

        Assert.Equal(
            1.6m,
            new SelfHostedBreakEven(new SelfHostedPrice(2m, 1_000m), api, inputShare: 0.8m, cachedInputShare: 0.9m).ApiUsdPerMillionTokens
        );
    }

    [Fact]
    public void Utilization_of_the_price_does_not_count_for_it_follows_from_the_volume()
    {
        var busy = new SelfHostedBreakEven(new SelfHostedPrice(2m, 1_000m), s_api, 0.8m);
        var idle = new SelfHostedBreakEven(new SelfHostedPrice(2m, 1_000m, utilization: 0.1m), s_api, 0.8m);

        Assert.Equal(busy.TokensPerMonth, idle.TokensPerMonth);
        Assert.Equal(busy.At(1_000_000), idle.At(1_000_000));
    }

    [Fact]
    public void Volume_beyond_one_machine_takes_two()
    {
        var breakEven = new SelfHostedBreakEven(new SelfHostedPrice(2m, 1_000m), s_api, inputShare: 0.8m);

        var fits = breakEven.At(breakEven.MaxTokensPerMonth);
        var beyond = breakEven.At(breakEven.MaxTokensPerMonth + 1);

        Assert.True(fits.FitsOneMachine);
        Assert.Equal(1m, Math.Round(fits.Utilization, 6));
        Assert.False(beyond.FitsOneMachine);
        Assert.Equal((2, 2_920m), (beyond.Machines, beyond.MachineUsd));
        Assert.Equal(0.5m, Math.Round(beyond.Utilization, 6));
    }

    [Fact]
    public void Slow_machine_is_never_cheaper()
    {
        // $5.56 per million when never idle.
        var breakEven = new SelfHostedBreakEven(new SelfHostedPrice(2m, 100m), s_api, inputShare: 0.8m);

        Assert.Null(breakEven.TokensPerMonth);
        Assert.Null(breakEven.Utilization);
        Assert.True(breakEven.At(10_000_000_000).SavingUsd < 0);
        Assert.Equal(
            "The machine costs $5.56 per million tokens when it is never idle, the API $1.60 per million tokens (80 % input). The API is cheaper at every volume.",
            breakEven.ToString()
        );
    }

    [Fact]
    public void Free_api_is_never_beaten() =>
        Assert.Null(new SelfHostedBreakEven(new SelfHostedPrice(0m, 100m), ModelPrice.Free, inputShare: 0.8m).TokensPerMonth);

    [Fact]
    public void Machine_that_is_owned_and_switched_off_when_idle_pays_from_the_first_token()
    {
        var owned = new SelfHostedPrice(0m, 100m)
        {
            BusyWatts = 360m,
            IdleWatts = 0m,
            UsdPerKilowattHour = 0.25m,
        };
        var breakEven = new SelfHostedBreakEven(owned, s_api, inputShare: 0.8m);

        // 10,000 s at 0.36 kW are 1 kWh a million.
        Assert.Equal(0, breakEven.TokensPerMonth);
        Assert.Equal((0.25m, 1.6m), (breakEven.At(1_000_000).MachineUsd, breakEven.At(1_000_000).ApiUsd));
    }

    [Fact]
    public void Electricity_dearer_than_the_api_never_pays()
    {
        var owned = new SelfHostedPrice(0m, 10m)
        {
            BusyWatts = 360m,
            IdleWatts = 0m,
            UsdPerKilowattHour = 0.25m,
        };

        Assert.Null(new SelfHostedBreakEven(owned, s_api, inputShare: 0.8m).TokensPerMonth);
    }

    [Fact]
    public void ToString_tells_the_answer()
    {
        var breakEven = new SelfHostedBreakEven(new SelfHostedPrice(2m, 1_000m), s_api, inputShare: 0.8m);

        Assert.Equal(
            "The machine costs $1,460.00 a month, the API $1.60 per million tokens (80 % input). "
                + "The machine is cheaper from 912.5 million tokens a month on, when it is 35 % busy; it processes 2.63 billion at most.",
            breakEven.ToString()
        );
        Assert.Equal(
            "2.00 billion tokens a month: one machine, 76 % busy, $1,460.00; the API $3,200.00. Self-hosting saves $1,740.00.",
            breakEven.At(2_000_000_000).ToString()
        );
        Assert.EndsWith("Self-hosting costs $1,300.00 more.", breakEven.At(100_000_000).ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Values_out_of_range_are_refused()
    {
        var machine = new SelfHostedPrice(2m, 1_000m);

        Assert.Throws<ArgumentException>(() => new SelfHostedBreakEven(machine, new ModelPrice { Input = 1m }, 0.5m));
        Assert.Throws<ArgumentOutOfRangeException>(() => new SelfHostedBreakEven(machine, s_api, 1.1m));
        Assert.Throws<ArgumentOutOfRangeException>(() => new SelfHostedBreakEven(machine, s_api, 0.5m, cachedInputShare: -0.1m));
        Assert.Throws<ArgumentOutOfRangeException>(() => new SelfHostedBreakEven(machine, s_api, 0.5m, hoursPerMonth: 0m));
        Assert.Throws<ArgumentOutOfRangeException>(() => new SelfHostedBreakEven(machine, s_api, 0.5m, hoursPerMonth: 745m));
        Assert.Throws<ArgumentOutOfRangeException>(() => new SelfHostedBreakEven(machine, s_api, 0.5m).At(-1));
    }

    [Fact]
    public void Break_even_of_any_machine_divides_the_volumes()
    {
        var cases =
            from dollars in Gen.Choose(0, 2_000)
            from speed in Gen.Choose(1, 20_000)
            from prompt in Gen.Choose(0, 200_000)
            from watts in Gen.Choose(0, 1_000)
            from idle in Gen.Choose(0, 1_000)
            from share in Gen.Choose(0, 100)
            from input in Gen.Choose(0, 500)
            from output in Gen.Choose(0, 2_000)
            select new SelfHostedBreakEven(
                new SelfHostedPrice(dollars / 100m, speed)
                {
                    InputTokensPerSecond = prompt == 0 ? null : prompt,
                    BusyWatts = Math.Max(watts, idle),
                    IdleWatts = Math.Min(watts, idle),
                    UsdPerKilowattHour = 0.3m,
                },
                new ModelPrice { Input = input / 100m, Output = output / 100m },
                share / 100m
            );

        Prop.ForAll(
                cases.ToArbitrary(),
                breakEven =>
                {
                    // A millionth of a cent: quotients are rounded at their 28th digit.
                    const decimal Rounding = 0.00000001m;
                    if (breakEven.TokensPerMonth is not { } tokens)
                    {
                        Assert.True(breakEven.At(breakEven.MaxTokensPerMonth).SavingUsd <= Rounding);
                        return;
                    }

                    Assert.InRange(breakEven.Utilization!.Value, 0m, 1.000001m);
                    Assert.True(tokens > breakEven.MaxTokensPerMonth || breakEven.At(tokens).SavingUsd >= -Rounding);
                    Assert.True(tokens == 0 || breakEven.At(tokens - 1).SavingUsd <= Rounding);
                }
            )
            .QuickCheckThrowOnFailure();
    }
}
