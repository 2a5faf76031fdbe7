using ConsoleReplay.Banking;
using ConsoleReplay.Live;
using ConsoleReplay.Running;
using ConsoleReplay.Traffic;
using LlmThrift.Pricing;
using Microsoft.Extensions.AI;
using Xunit;

namespace ConsoleReplay.Tests;

public sealed class LiveTests
{
    [Fact]
    public void Create_no_key_says_which_variables_to_set()
    {
        var problem = Assert.Throws<ReplayException>(() => LiveProvider.Create(_ => null, null, null));

        Assert.Contains("OPENAI_API_KEY", problem.Message, StringComparison.Ordinal);
        Assert.Contains("ANTHROPIC_API_KEY", problem.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(true, true, null, null, "openai")]
    [InlineData(true, true, null, "claude-haiku-4-5", "anthropic")]
    [InlineData(true, true, "anthropic", null, "anthropic")]
    [InlineData(false, true, null, null, "anthropic")]
    [InlineData(true, false, null, "gpt-4o", "openai")]
    public void Create_service_follows_option_model_and_keys(bool openAI, bool anthropic, string? provider, string? model, string expected)
    {
        var live = LiveProvider.Create(
            name =>
                name switch
                {
                    "OPENAI_API_KEY" when openAI => "k1",
                    "ANTHROPIC_API_KEY" when anthropic => "k2",
                    _ => null,
                },
            provider,
            model
        );

        Assert.Equal(expected, live.Client.GetService<ChatClientMetadata>()!.ProviderName);
        Assert.False(live.IsSelfHosted);
        if (model is not null)
            Assert.Equal(model, live.DefaultModelId);
    }

    [Fact]
    public void Create_base_url_needs_no_key_and_is_a_server_of_ones_own()
    {
        var live = LiveProvider.Create(name => name == "OPENAI_BASE_URL" ? "http://localhost:11434/v1" : null, null, "llama3.2");

        Assert.True(live.IsSelfHosted);
        Assert.Equal("http://localhost:11434/v1", live.Description);
    }

    [Theory]
    [InlineData("localhost:8000")]
    [InlineData("not an address")]
    public void Create_bad_base_url_is_told(string url)
    {
        var problem = Assert.Throws<ReplayException>(() => LiveProvider.Create(name => name == "OPENAI_BASE_URL" ? url : null, null, null));

        Assert.Contains("OPENAI_BASE_URL", problem.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Create_provider_without_its_key_is_told()
    {
        Assert.Throws<ReplayException>(() => LiveProvider.Create(name => name == "OPENAI_API_KEY" ? "k" : null, "anthropic", null));
        Assert.Throws<ReplayException>(() => LiveProvider.Create(name => name == "ANTHROPIC_API_KEY" ? "k" : null, "openai", null));
    }

    [Fact]
    public void Estimate_adds_up_all_calls_and_bounds_them_by_their_limit()
    {
        var calls = BankingTraffic.Build(10, 1, 0, 1, "m", stream: false).Calls;
        var prices = PriceBook.Empty.With("m", new ModelPrice { Input = 1, Output = 1_000_000 });

        var estimate = CostEstimate.Of(
            calls,
            null,
            usualOutputTokens: 100,
            BankingTraffic.MaxOutputTokens,
            prices,
            DateTimeOffset.UnixEpoch
        );

        // A dollar a token of output; input costs next to nothing.
        Assert.Equal(1_000m, Math.Floor(estimate.Expected));
        Assert.Equal(10m * BankingTraffic.MaxOutputTokens, Math.Floor(estimate.Most));
        Assert.Empty(estimate.UnpricedModels);
        Assert.Equal(0, estimate.Unlimited);
    }

    [Fact]
    public void Estimate_unknown_price_is_named_not_taken_for_free()
    {
        var call = new ReplayCall
        {
            Messages = [new ChatMessage(ChatRole.User, "Hi")],
            Options = new ChatOptions { ModelId = "m" },
        };

        var estimate = CostEstimate.Of([call], null, 100, null, PriceBook.Empty, DateTimeOffset.UnixEpoch);

        Assert.Equal(["m"], estimate.UnpricedModels);
        Assert.Equal(0m, estimate.Most);
    }
}
