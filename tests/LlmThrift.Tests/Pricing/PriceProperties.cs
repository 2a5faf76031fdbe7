using FsCheck;
using FsCheck.Fluent;
using LlmThrift.Pricing;
using Xunit;

namespace LlmThrift.Tests.Pricing;

public sealed class PriceProperties
{
    private static readonly Gen<decimal?> s_price = Gen.Choose(-20_000, 75_000_000)
        .Select(micros => micros < 0 ? (decimal?)null : micros / 1_000_000m);

    private static readonly Gen<long> s_count = Gen.Frequency((1, Gen.Constant(0L)), (6, Gen.Choose(0, 300_000).Select(n => (long)n)));

    private static readonly Gen<ModelPrice> s_flat = Gen.ArrayOf(s_price, 9)
        .Select(p => new ModelPrice
        {
            Input = p[0] ?? 1m,
            CachedInput = p[1],
            CacheWrite = p[2],
            CacheWrite1h = p[2] is null ? null : p[3],
            Output = p[4] ?? 2m,
            Reasoning = p[5],
            InputAudio = p[6],
            CachedInputAudio = p[6] is null || p[1] is null ? null : p[7],
            OutputAudio = p[8],
        });

    // Parts that fit into their wholes, as a provider counts them.
    private static readonly Gen<TokenUsage> s_usage = Gen.ArrayOf(s_count, 9)
        .Select(c => new TokenUsage
        {
            InputTokens = c[0] + c[1] + c[2] + c[3] + c[4] + c[5],
            CachedInputTokens = c[1] + c[5],
            CacheWriteTokens = c[2] + c[3],
            CacheWrite1hTokens = c[3],
            InputAudioTokens = c[4] + c[5],
            CachedInputAudioTokens = c[5],
            OutputTokens = c[6] + c[7] + c[8],
            ReasoningTokens = c[7],
            OutputAudioTokens = c[8],
        });

    private static readonly Gen<TokenUsage> s_anyUsage = Gen.ArrayOf(s_count, 9)
        .Select(c => new TokenUsage
        {
            InputTokens = c[0],
            CachedInputTokens = c[1],
            CacheWriteTokens = c[2],
            CacheWrite1hTokens = c[3],
            InputAudioTokens = c[4],
            CachedInputAudioTokens = c[5],
            OutputTokens = c[6],
            ReasoningTokens = c[7],
            OutputAudioTokens = c[8],
        });

    [Fact]
    public void CostOf_without_tiers_adds_up_to_the_last_decimal() =>
        Check(
            from price in s_flat
            from a in s_usage
            from b in s_usage
            select (price, a, b),
            x => x.price.CostOf(x.a) + x.price.CostOf(x.b) == x.price.CostOf(x.a + x.b)
        );

    [Fact]
    public void CostOf_any_counts_is_never_negative_and_never_throws() =>
        Check(
            from price in s_flat
            from usage in s_anyUsage
            select (price, usage),
            x => x.price.CostOf(x.usage) is { Input: >= 0, Output: >= 0, Other: >= 0 }
        );

    [Fact]
    public void CostOf_more_tokens_never_costs_less() =>
        Check(
            from price in s_flat
            from usage in s_usage
            from more in s_usage
            select (price, usage, more),
            x => x.price.CostOf(x.usage + x.more)!.Value.Total >= x.price.CostOf(x.usage)!.Value.Total
        );

    [Fact]
    public void CostOf_one_price_for_all_classes_is_tokens_times_price() =>
        Check(
            from price in s_price
            from usage in s_usage
            select (price: price ?? 3m, usage),
            x =>
                new ModelPrice
                {
                    Input = x.price,
                    CachedInput = x.price,
                    CacheWrite = x.price,
                    CacheWrite1h = x.price,
                    InputAudio = x.price,
                    CachedInputAudio = x.price,
                    Output = x.price,
                    Reasoning = x.price,
                    OutputAudio = x.price,
                }
                    .CostOf(x.usage)!
                    .Value.Total
                == x.price * (x.usage.InputTokens + x.usage.OutputTokens) / 1_000_000m
        );

    [Fact]
    public void WithoutProviderCache_costs_what_the_same_tokens_cost_fresh() =>
        Check(
            from price in s_flat
            from usage in s_usage
            select (price, usage),
            x =>
                x.price.CostOf(x.usage.WithoutProviderCache())
                == (x.price with { CachedInput = null, CacheWrite = null, CacheWrite1h = null, CachedInputAudio = null }).CostOf(x.usage)
        );

    private static void Check<T>(Gen<T> cases, Func<T, bool> holds) =>
        global::FsCheck.Check.One(Config.QuickThrowOnFailure.WithMaxTest(500), Prop.ForAll(cases.ToArbitrary(), holds));
}
