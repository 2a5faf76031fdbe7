using LlmThrift.Pricing;
using Xunit;

namespace LlmThrift.Tests.Pricing;

public sealed class SelfHostedPriceTests
{
    [Fact]
    public void ToModelPrice_with_one_speed_prices_input_as_output()
    {
        var price = new SelfHostedPrice(gpuUsdPerHour: 3.6m, tokensPerSecond: 1_000m).ToModelPrice();

        Assert.Equal((1m, 1m), (price.Input, price.Output));
    }

    [Fact]
    public void ToModelPrice_with_a_speed_of_prompts_prices_each_by_its_time()
    {
        var price = new SelfHostedPrice(gpuUsdPerHour: 3.6m, tokensPerSecond: 1_000m, utilization: 0.5m)
        {
            InputTokensPerSecond = 10_000m,
        }.ToModelPrice();

        Assert.Equal((0.2m, 2m), (price.Input, price.Output));
        Assert.Null(price.CachedInput);
    }

    [Fact]
    public void Prices_of_a_busy_hour_add_up_to_what_the_hour_costs()
    {
        // Half of the hour reads 18 million tokens, the other half writes 1.8 million.
        var machine = new SelfHostedPrice(gpuUsdPerHour: 3.6m, tokensPerSecond: 1_000m) { InputTokensPerSecond = 10_000m };
        var usage = new TokenUsage { InputTokens = 18_000_000, OutputTokens = 1_800_000 };

        Assert.Equal(machine.UsdPerHour, machine.ToModelPrice().CostOf(usage)!.Value.Total);
    }

    [Fact]
    public void UsdPerHour_of_a_machine_that_is_owned_is_its_electricity()
    {
        var machine = new SelfHostedPrice(gpuUsdPerHour: 0m, tokensPerSecond: 100m, utilization: 0.25m)
        {
            BusyWatts = 500m,
            IdleWatts = 100m,
            UsdPerKilowattHour = 0.4m,
        };

        // A quarter of the hour at 0.5 kW, three quarters at 0.1 kW: 0.2 kWh.
        Assert.Equal(0.08m, machine.UsdPerHour);
        Assert.Equal(0.08m * 1_000_000m / (100m * 3600m * 0.25m), machine.UsdPerMillionTokens);
    }

    [Fact]
    public void UsdPerHour_without_a_figure_for_idle_hours_is_that_of_busy_ones()
    {
        var machine = new SelfHostedPrice(gpuUsdPerHour: 1m, tokensPerSecond: 100m, utilization: 0.1m)
        {
            BusyWatts = 700m,
            UsdPerKilowattHour = 0.3m,
        };

        Assert.Equal(1.21m, machine.UsdPerHour);
    }

    [Fact]
    public void UsdPerHour_without_electricity_is_that_of_the_hardware() =>
        Assert.Equal(3m, new SelfHostedPrice(3m, 800m, 0.4m) { BusyWatts = 700m }.UsdPerHour);

    [Fact]
    public void Impossible_values_are_refused()
    {
        var name = Assert.Throws<ArgumentOutOfRangeException>(() => new SelfHostedPrice(1m, 1m) { InputTokensPerSecond = 0m }).ParamName;

        Assert.Equal("InputTokensPerSecond", name);
        Assert.Throws<ArgumentOutOfRangeException>(() => new SelfHostedPrice(1m, 1m) { BusyWatts = -1m });
        Assert.Throws<ArgumentOutOfRangeException>(() => new SelfHostedPrice(1m, 1m) { IdleWatts = -1m });
        Assert.Throws<ArgumentOutOfRangeException>(() => new SelfHostedPrice(1m, 1m) { UsdPerKilowattHour = -0.01m });
    }
}
