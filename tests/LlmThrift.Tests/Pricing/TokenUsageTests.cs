using LlmThrift.Pricing;
using Microsoft.Extensions.AI;
using Xunit;

namespace LlmThrift.Tests.Pricing;

public sealed class TokenUsageTests
{
    [Fact]
    public void Init_negative_count_becomes_zero() => Assert.Equal(0, new TokenUsage { InputTokens = -5 }.InputTokens);

    [Fact]
    public void Add_sums_every_count_and_stays_within_range()
    {
        var usage = new TokenUsage
        {
            InputTokens = 3,
            CachedInputTokens = 1,
            OutputTokens = long.MaxValue,
            WebSearches = 1,
        };

        var sum = usage + usage;

        Assert.Equal(
            new TokenUsage
            {
                InputTokens = 6,
                CachedInputTokens = 2,
                OutputTokens = long.MaxValue,
                WebSearches = 2,
                Requests = 2,
            },
            sum
        );
        Assert.Equal(usage, usage + TokenUsage.Empty);
    }

    [Fact]
    public void WithoutProviderCache_makes_reads_and_writes_ordinary_input()
    {
        var usage = new TokenUsage
        {
            InputTokens = 100,
            CachedInputTokens = 60,
            CacheWriteTokens = 20,
            CacheWrite1hTokens = 10,
            InputAudioTokens = 30,
            CachedInputAudioTokens = 30,
            OutputTokens = 7,
        };

        Assert.Equal(
            new TokenUsage
            {
                InputTokens = 100,
                InputAudioTokens = 30,
                OutputTokens = 7,
            },
            usage.WithoutProviderCache()
        );
    }

    [Fact]
    public void FromUsageDetails_openai_shape_keeps_cached_inside_input_and_reads_audio()
    {
        var details = new UsageDetails
        {
            InputTokenCount = 1_000,
            OutputTokenCount = 300,
            TotalTokenCount = 1_300,
            CachedInputTokenCount = 400,
            ReasoningTokenCount = 200,
            AdditionalCounts = new()
            {
                ["InputTokenDetails.AudioTokenCount"] = 50,
                ["OutputTokenDetails.AudioTokenCount"] = 20,
                ["OutputTokenDetails.AcceptedPredictionTokenCount"] = 9,
                ["OutputTokenDetails.RejectedPredictionTokenCount"] = 8,
            },
        };

        Assert.Equal(
            new TokenUsage
            {
                InputTokens = 1_000,
                CachedInputTokens = 400,
                InputAudioTokens = 50,
                OutputTokens = 300,
                ReasoningTokens = 200,
                OutputAudioTokens = 20,
            },
            TokenUsage.FromUsageDetails(details, "openai")
        );
    }

    [Fact]
    public void FromUsageDetails_older_openai_adapter_reads_cached_and_reasoning_from_additional_counts()
    {
        var details = new UsageDetails
        {
            InputTokenCount = 1_000,
            OutputTokenCount = 300,
            TotalTokenCount = 1_300,
            AdditionalCounts = new() { ["InputTokenDetails.CachedTokenCount"] = 400, ["OutputTokenDetails.ReasoningTokenCount"] = 200 },
        };

        Assert.Equal(
            new TokenUsage
            {
                InputTokens = 1_000,
                CachedInputTokens = 400,
                OutputTokens = 300,
                ReasoningTokens = 200,
            },
            TokenUsage.FromUsageDetails(details, "openai")
        );
    }

    [Fact]
    public void FromUsageDetails_official_anthropic_adapter_is_already_inclusive()
    {
        // 100 fresh + 900 read + 50 written, as the package Anthropic adds them up.
        var details = new UsageDetails
        {
            InputTokenCount = 1_050,
            CachedInputTokenCount = 900,
            OutputTokenCount = 20,
            TotalTokenCount = 1_070,
            AdditionalCounts = new() { ["CacheCreationInputTokens"] = 50, ["WebSearchRequests"] = 2 },
        };

        Assert.Equal(
            new TokenUsage
            {
                InputTokens = 1_050,
                CachedInputTokens = 900,
                CacheWriteTokens = 50,
                OutputTokens = 20,
                WebSearches = 2,
            },
            TokenUsage.FromUsageDetails(details, "anthropic")
        );
    }

    [Theory]
    [InlineData("CacheReadInputTokens", "CacheCreationInputTokens")]
    [InlineData("cache_read_input_tokens", "cache_creation_input_tokens")]
    public void FromUsageDetails_raw_anthropic_counts_are_made_inclusive(string read, string write)
    {
        var details = new UsageDetails
        {
            InputTokenCount = 1_000,
            OutputTokenCount = 20,
            TotalTokenCount = 1_020,
            AdditionalCounts = new() { [read] = 900, [write] = 50 },
        };

        Assert.Equal(
            new TokenUsage
            {
                InputTokens = 1_950,
                CachedInputTokens = 900,
                CacheWriteTokens = 50,
                OutputTokens = 20,
            },
            TokenUsage.FromUsageDetails(details, "anthropic")
        );
    }

    [Fact]
    public void FromUsageDetails_cache_writes_are_split_by_lifetime()
    {
        var details = new UsageDetails
        {
            InputTokenCount = 500,
            AdditionalCounts = new()
            {
                ["cache_creation.ephemeral_5m_input_tokens"] = 100,
                ["cache_creation.ephemeral_1h_input_tokens"] = 200,
            },
        };

        var usage = TokenUsage.FromUsageDetails(details, "anthropic");

        Assert.Equal((500, 300, 200), (usage.InputTokens, usage.CacheWriteTokens, usage.CacheWrite1hTokens));
    }

    [Theory]
    [InlineData(1_120L)] // The total tells.
    [InlineData(null)] // The provider tells.
    public void FromUsageDetails_bedrock_input_excludes_its_cache_and_is_made_inclusive(long? total)
    {
        var details = new UsageDetails
        {
            InputTokenCount = 1_000,
            OutputTokenCount = 20,
            CachedInputTokenCount = 70,
            TotalTokenCount = total,
            AdditionalCounts = new() { ["CacheWriteInputTokens"] = 30 },
        };

        Assert.Equal(
            new TokenUsage
            {
                InputTokens = 1_100,
                CachedInputTokens = 70,
                CacheWriteTokens = 30,
                OutputTokens = 20,
            },
            TokenUsage.FromUsageDetails(details, "aws.bedrock")
        );
    }

    [Fact]
    public void FromUsageDetails_more_cached_than_input_cannot_be_inclusive()
    {
        var details = new UsageDetails { InputTokenCount = 10, CachedInputTokenCount = 900 };

        Assert.Equal(910, TokenUsage.FromUsageDetails(details).InputTokens);
    }

    [Fact]
    public void FromUsageDetails_google_thoughts_and_tool_prompts_outside_the_counts_are_taken_in()
    {
        var details = new UsageDetails
        {
            InputTokenCount = 100,
            OutputTokenCount = 40,
            TotalTokenCount = 100 + 40 + 500 + 30,
            AdditionalCounts = new() { ["ThoughtsTokenCount"] = 500, ["ToolUsePromptTokenCount"] = 30 },
        };

        Assert.Equal(
            new TokenUsage
            {
                InputTokens = 130,
                OutputTokens = 540,
                ReasoningTokens = 500,
            },
            TokenUsage.FromUsageDetails(details, "gcp.gemini")
        );
    }

    [Fact]
    public void FromUsageDetails_reasoning_inside_the_output_is_not_added_again()
    {
        var details = new UsageDetails
        {
            InputTokenCount = 10,
            OutputTokenCount = 540,
            ReasoningTokenCount = 500,
            TotalTokenCount = 550,
        };

        Assert.Equal(540, TokenUsage.FromUsageDetails(details, "gcp.gemini").OutputTokens);
    }

    [Fact]
    public void FromUsageDetails_nothing_reported_is_one_request_without_tokens() =>
        Assert.Equal(new TokenUsage(), TokenUsage.FromUsageDetails(new UsageDetails()));

    [Fact]
    public void FromUsageDetails_negative_and_unknown_counts_are_ignored()
    {
        var details = new UsageDetails
        {
            InputTokenCount = -3,
            OutputTokenCount = 4,
            AdditionalCounts = new()
            {
                ["CacheCreationInputTokens"] = -7,
                ["AudioSeconds"] = 12,
                [new string('x', 5_000) + "CacheWriteTokens"] = 5,
            },
        };

        Assert.Equal(new TokenUsage { OutputTokens = 4 }, TokenUsage.FromUsageDetails(details));
    }
}
