using BenchmarkDotNet.Attributes;
using LlmThrift.Pricing;

namespace LlmThrift.Benchmarks;

/// <summary>What pricing adds to a call, and what the first one pays.</summary>
[MemoryDiagnoser]
public class PriceBenchmarks
{
    private static readonly DateTimeOffset s_at = new(2026, 10, 1, 12, 0, 0, TimeSpan.Zero);

    private static readonly TokenUsage s_usage = new()
    {
        InputTokens = 12_000,
        CachedInputTokens = 9_000,
        CacheWriteTokens = 1_000,
        OutputTokens = 700,
        ReasoningTokens = 300,
    };

    private readonly PriceBook _book = PriceBook.Embedded;
    private readonly ModelPrice _price = PriceBook.Embedded.Find("claude-sonnet-4-5", "anthropic", s_at)!;

    [Benchmark]
    public ModelPrice? Find() => _book.Find("gpt-4o-mini", "openai", s_at);

    [Benchmark]
    public Cost? CostOf() => _price.CostOf(s_usage);

    [Benchmark]
    public Cost? FindAndCostOf() => _book.CostOf(s_usage, "claude-sonnet-4-5", "anthropic", s_at);

    /// <summary>A book that has resolved nothing yet, over a snapshot that is already read.</summary>
    [Benchmark]
    public ModelPrice? FindForTheFirstTime() => _book.With("x", ModelPrice.Free).Find("gpt-4o-mini", "openai", s_at);

    /// <summary>Decompressing and skimming the snapshot, and reading one provider.</summary>
    [Benchmark]
    public object? Load() => PriceList.Load("LlmThrift.Pricing.prices.current").FindModel("openai", "gpt-4o-mini");
}
