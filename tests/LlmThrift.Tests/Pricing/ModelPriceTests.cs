using LlmThrift.Pricing;
using Xunit;

namespace LlmThrift.Tests.Pricing;

/// <summary>Sums worked out by hand.</summary>
public sealed class ModelPriceTests
{
    private static readonly ModelPrice s_text = new()
    {
        Input = 3m,
        CachedInput = 0.3m,
        CacheWrite = 3.75m,
        CacheWrite1h = 6m,
        Output = 15m,
    };

    [Fact]
    public void CostOf_plain_call_bills_input_and_output()
    {
        var cost = s_text.CostOf(new TokenUsage { InputTokens = 1_000, OutputTokens = 200 });

        // 1,000 × 3 and 200 × 15 per million.
        Assert.Equal(new Cost(0.003m, 0.003m, 0m), cost);
        Assert.Equal(0.006m, cost!.Value.Total);
    }

    [Fact]
    public void CostOf_cached_and_written_input_is_billed_once()
    {
        var usage = new TokenUsage
        {
            InputTokens = 10_000,
            CachedInputTokens = 6_000,
            CacheWriteTokens = 3_000,
            CacheWrite1hTokens = 1_000,
        };

        // 1,000 × 3 + 6,000 × 0.3 + 2,000 × 3.75 + 1,000 × 6 per million.
        Assert.Equal(0.0183m, s_text.CostOf(usage)!.Value.Input);
    }

    [Fact]
    public void CostOf_class_without_a_price_costs_what_its_whole_costs()
    {
        var price = new ModelPrice { Input = 2m, Output = 8m };
        var usage = new TokenUsage
        {
            InputTokens = 1_000,
            CachedInputTokens = 400,
            CacheWriteTokens = 100,
            InputAudioTokens = 50,
            OutputTokens = 500,
            ReasoningTokens = 300,
        };

        Assert.Equal(new Cost(0.002m, 0.004m, 0m), price.CostOf(usage));
    }

    [Fact]
    public void CostOf_reasoning_and_citations_with_prices_of_their_own_leave_the_output()
    {
        var price = new ModelPrice
        {
            Input = 2m,
            Output = 8m,
            Reasoning = 3m,
            Citation = 2m,
            PerWebSearch = 0.005m,
        };
        var usage = new TokenUsage
        {
            InputTokens = 100,
            OutputTokens = 1_000,
            ReasoningTokens = 600,
            CitationTokens = 100,
            WebSearches = 4,
        };

        // 600 × 3 + 100 × 2 + 300 × 8 per million; 4 × 0.005.
        Assert.Equal(new Cost(0.0002m, 0.0044m, 0.02m), price.CostOf(usage));
    }

    [Fact]
    public void CostOf_audio_and_images_partly_cached_takes_each_token_once()
    {
        var price = new ModelPrice
        {
            Input = 4m,
            CachedInput = 0.4m,
            Output = 16m,
            InputAudio = 32m,
            CachedInputAudio = 0.5m,
            OutputAudio = 64m,
            InputImage = 5m,
            CachedInputImage = 0.6m,
        };
        var usage = new TokenUsage
        {
            InputTokens = 1_000,
            CachedInputTokens = 500,
            InputAudioTokens = 300,
            CachedInputAudioTokens = 200,
            InputImageTokens = 100,
            CachedInputImageTokens = 40,
            OutputTokens = 90,
            OutputAudioTokens = 60,
        };

        // Audio 100 × 32 + 200 × 0.5, images 60 × 5 + 40 × 0.6, cached text 260 × 0.4, fresh text 340 × 4 per million.
        Assert.Equal(0.005088m, price.CostOf(usage)!.Value.Input);
        Assert.Equal(0.00432m, price.CostOf(usage)!.Value.Output);
    }

    [Fact]
    public void CostOf_cached_audio_without_a_price_of_its_own_costs_what_cached_input_costs()
    {
        var price = new ModelPrice
        {
            Input = 4m,
            CachedInput = 1m,
            InputAudio = 30m,
        };
        var usage = new TokenUsage
        {
            InputTokens = 100,
            CachedInputTokens = 60,
            InputAudioTokens = 50,
            CachedInputAudioTokens = 40,
        };

        // 60 cached × 1, 10 fresh audio × 30, 30 text × 4 per million.
        Assert.Equal(0.00048m, price.CostOf(usage)!.Value.Input);
    }

    [Theory]
    [InlineData(199_999, 0.599997)]
    [InlineData(200_000, 0.6)]
    [InlineData(200_001, 1.200006)]
    [InlineData(500_000, 3)]
    [InlineData(500_001, 6.000012)]
    public void CostOf_long_input_pays_the_tier_for_all_tokens(long tokens, double expected)
    {
        var price = new ModelPrice
        {
            Input = 3m,
            LongContext = new PriceTier(
                200_000,
                new ModelPrice { Input = 6m, LongContext = new PriceTier(500_000, new ModelPrice { Input = 12m }) }
            ),
        };

        Assert.Equal((decimal)expected, price.CostOf(new TokenUsage { InputTokens = tokens })!.Value.Total);
    }

    [Fact]
    public void CostOf_cached_tokens_count_towards_the_tier()
    {
        var price = new ModelPrice
        {
            Input = 1m,
            CachedInput = 0.1m,
            Output = 10m,
            LongContext = new PriceTier(
                1_000,
                new ModelPrice
                {
                    Input = 2m,
                    CachedInput = 0.2m,
                    Output = 15m,
                }
            ),
        };
        var usage = new TokenUsage
        {
            InputTokens = 1_001,
            CachedInputTokens = 1_000,
            OutputTokens = 10,
        };

        Assert.Equal(new Cost(0.000202m, 0.00015m, 0m), price.CostOf(usage));
    }

    [Fact]
    public void CostOf_token_class_without_any_price_is_unpriced()
    {
        var inputOnly = new ModelPrice { Input = 1m };
        Assert.Null(inputOnly.CostOf(new TokenUsage { InputTokens = 1, OutputTokens = 1 }));
        Assert.Null(new ModelPrice { Output = 1m }.CostOf(new TokenUsage { InputTokens = 1 }));
        Assert.Null(inputOnly.CostOf(new TokenUsage { InputTokens = 1, WebSearches = 1 }));
        Assert.NotNull(inputOnly.CostOf(new TokenUsage { InputTokens = 1 }));
    }

    [Fact]
    public void CostOf_free_model_is_zero_and_not_unpriced() =>
        Assert.Equal(default(Cost), ModelPrice.Free.CostOf(new TokenUsage { InputTokens = 5, OutputTokens = 5 }));

    [Fact]
    public void CostOf_per_request_price_is_charged_once_a_request()
    {
        var price = new ModelPrice
        {
            Input = 1m,
            Output = 1m,
            PerRequest = 0.012m,
        };
        var two = new TokenUsage { InputTokens = 10, OutputTokens = 20 } + new TokenUsage { InputTokens = 1 };

        Assert.Equal(new Cost(0.000011m, 0.00002m, 0.024m), price.CostOf(two));
        Assert.Equal(default(Cost), price.CostOf(TokenUsage.Empty));
    }

    [Fact]
    public void CostOf_service_tier_uses_its_own_price_and_is_unpriced_without_one()
    {
        var price = s_text with
        {
            Batch = new ModelPrice { Input = 1.5m, Output = 7.5m },
        };
        var usage = new TokenUsage { InputTokens = 1_000, OutputTokens = 200 };

        Assert.Equal(0.003m, price.CostOf(usage, ServiceTier.Batch)!.Value.Total);
        Assert.Null(price.CostOf(usage, ServiceTier.Flex));
        Assert.Null(price.CostOf(usage, ServiceTier.Priority));
        Assert.Null(price.CostOf(usage, (ServiceTier)99));
    }

    [Fact]
    public void CostOf_parts_larger_than_their_whole_never_makes_a_negative_sum()
    {
        var usage = new TokenUsage
        {
            InputTokens = 10,
            CachedInputTokens = 1_000,
            OutputTokens = 1,
            ReasoningTokens = 50,
        };

        Assert.Equal(new Cost(0.0003m, 0.000015m, 0m), s_text.CostOf(usage));
    }

    [Fact]
    public void CostOf_smallest_prices_are_exact()
    {
        var price = new ModelPrice { Input = 0.003625m, Output = 0.87m };

        Assert.Equal(0.000000003625m, price.CostOf(new TokenUsage { InputTokens = 1 })!.Value.Total);
    }

    [Fact]
    public void Init_price_out_of_range_names_the_class()
    {
        var negative = Assert.Throws<ArgumentOutOfRangeException>(() => new ModelPrice { CachedInput = -0.01m });
        Assert.Equal("CachedInput", negative.ParamName);
        Assert.Throws<ArgumentOutOfRangeException>(() => new ModelPrice { Input = 1_000_000_001m });
    }

    [Fact]
    public void Equals_compares_by_value_through_tiers()
    {
        static ModelPrice Build() => new() { Input = 1m, LongContext = new PriceTier(10, new ModelPrice { Input = 2m }) };

        Assert.Equal(Build(), Build());
        Assert.NotEqual(Build(), Build() with { Input = 2m });
    }
}
