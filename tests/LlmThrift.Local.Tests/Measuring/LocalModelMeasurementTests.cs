using Xunit;

namespace LlmThrift.Local.Tests.Measuring;

public sealed class LocalModelMeasurementTests
{
    private static readonly LocalModelMeasurement[] Levels =
    [
        Level("F16", bytes: 2_000, perplexity: 9.00, divergence: 0),
        Level("Q8_0", bytes: 1_000, perplexity: 8.99, divergence: 0.001),
        Level("Q4_K_M", bytes: 600, perplexity: 9.20, divergence: 0.02),
        Level("IQ1_S", bytes: 300, perplexity: 90, divergence: 2),
    ];

    [Theory]
    [InlineData(5_000, "F16")]
    [InlineData(2_100, "F16")]
    [InlineData(2_099, "Q8_0")]
    [InlineData(800, "Q4_K_M")]
    [InlineData(400, "IQ1_S")]
    [InlineData(399, null)]
    public void Best_is_the_level_nearest_to_the_reference_among_those_that_fit(long limit, string? expected) =>
        Assert.Equal(expected, LocalModelMeasurement.Best(Levels, limit)?.Quantization);

    [Fact]
    public void Best_without_a_reference_is_that_of_the_lowest_perplexity() =>
        Assert.Equal("Q8_0", LocalModelMeasurement.Best([.. Levels, Levels[2] with { KlDivergence = null }], 5_000)?.Quantization);

    [Fact]
    public void Best_counts_the_context_that_will_be_used()
    {
        // 100 bytes for 50 tokens were measured.
        Assert.Equal(600 + 2 * 400, Levels[2].WorkingBytesAt(400));
        Assert.Equal("Q8_0", LocalModelMeasurement.Best(Levels, 2_000, contextTokens: 400)?.Quantization);
        Assert.Equal("Q4_K_M", LocalModelMeasurement.Best(Levels, 1_799, contextTokens: 400)?.Quantization);
    }

    [Fact]
    public void Best_of_equals_is_the_smaller_one_and_what_computes_no_numbers_is_last()
    {
        var same = Levels[1] with { Quantization = "Q6_K", FileBytes = 800 };
        var broken = Levels[3] with { KlDivergence = double.NaN };

        Assert.Equal("Q6_K", LocalModelMeasurement.Best([broken, Levels[1], same], 5_000)?.Quantization);
        Assert.Equal("IQ1_S", LocalModelMeasurement.Best([broken], 5_000)?.Quantization);
        Assert.Null(LocalModelMeasurement.Best([], 5_000));
    }

    [Fact]
    public void Best_refuses_limits_that_are_none()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => LocalModelMeasurement.Best(Levels, 0));
        Assert.Throws<ArgumentOutOfRangeException>(() => LocalModelMeasurement.Best(Levels, 1, contextTokens: 0));
        Assert.Throws<ArgumentNullException>(() => LocalModelMeasurement.Best(null!, 1));
    }

    private static LocalModelMeasurement Level(string name, long bytes, double perplexity, double? divergence) =>
        new()
        {
            Path = name + ".gguf",
            Quantization = name,
            FileBytes = bytes,
            Parameters = 1_000,
            LoadTime = TimeSpan.Zero,
            Perplexity = perplexity,
            ScoredTokens = 1,
            KlDivergence = divergence,
            PromptTokensPerSecond = 1,
            GenerationTokensPerSecond = 1,
            ContextLength = 50,
            ContextBytes = 100,
        };
}
