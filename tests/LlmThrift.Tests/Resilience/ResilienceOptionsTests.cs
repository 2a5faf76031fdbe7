using LlmThrift.Internal;
using LlmThrift.Resilience;
using LlmThrift.TestKit;
using Microsoft.Extensions.AI;
using Xunit;

namespace LlmThrift.Tests.Resilience;

public sealed class ResilienceOptionsTests
{
    [Fact]
    public void Bad_options_are_refused_with_every_problem_named()
    {
        static void Configure(ResilienceOptions o)
        {
            o.Timeout = TimeSpan.Zero;
            o.MaxRetries = -1;
            o.BaseDelay = TimeSpan.FromSeconds(-1);
            o.MaxRetryDelay = TimeSpan.FromDays(2);
            o.ShouldRetry = null!;
            o.BreakerFailureRatio = 0.5;
            o.BreakerMinimumThroughput = 1;
            o.BreakerSamplingDuration = TimeSpan.Zero;
            o.BreakDuration = TimeSpan.FromMilliseconds(499);
            o.HedgeAfterPercentile = 95;
            o.MinHedgeDelay = TimeSpan.FromSeconds(-1);
            o.MaxHedges = 0;
        }

        var alone = Assert.Throws<ArgumentException>(() => new ScriptedChatClient().AsBuilder().UseResilience(Configure).Build());
        var composed = Assert.Throws<ArgumentException>(() => new ScriptedChatClient().WithCostControls(o => Configure(o.Resilience)));

        Assert.Equal(alone.Message, composed.Message);
        Assert.Contains("11 bad values", alone.Message, StringComparison.Ordinal);
        Assert.Contains(
            "Resilience.HedgeAfterPercentile is 95: it must be above 0 and below 1, such as 0.95",
            alone.Message,
            StringComparison.Ordinal
        );
    }

    [Theory]
    [InlineData(-0.1)]
    [InlineData(1.1)]
    [InlineData(double.NaN)]
    public void Ratio_that_is_none_is_refused(double ratio) =>
        Assert.Throws<ArgumentException>(() =>
            new ScriptedChatClient().AsBuilder().UseResilience(o => o.BreakerFailureRatio = ratio).Build()
        );

    [Fact]
    public async Task Least_and_greatest_values_are_taken()
    {
        using var client = new ScriptedChatClient()
            .AsBuilder()
            .UseResilience(o =>
            {
                o.Timeout = TimeSpan.FromDays(1);
                (o.BaseDelay, o.MaxRetryDelay) = (TimeSpan.Zero, TimeSpan.Zero);
                (o.BreakerFailureRatio, o.BreakerMinimumThroughput) = (1, 2);
                (o.BreakerSamplingDuration, o.BreakDuration) = (TimeSpan.FromSeconds(0.5), TimeSpan.FromDays(1));
            })
            .Build();

        Assert.Equal("Hello, world.", (await client.GetResponseAsync("question")).Text);
    }

    [Fact]
    public void Models_that_an_app_makes_up_share_what_is_known_when_there_are_too_many()
    {
        var state = new ResilienceState(new ResilienceOptions(), new PipelineServices(services: null));
        var known = Enumerable.Range(0, 1_000).Select(model => state.HealthOf("", "provider", $"model-{model}")).ToList();

        Assert.InRange(known.Distinct().Count(), 100, 300);
        Assert.Same(known[0], state.HealthOf("", "provider", "model-0"));
        Assert.NotSame(known[0], state.HealthOf("tier", "provider", "model-0"));
    }
}
