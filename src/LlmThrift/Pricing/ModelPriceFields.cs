using System.Collections.Frozen;

namespace LlmThrift.Pricing;

/// <summary>The prices of a <see cref="ModelPrice"/> by name, for sources that name them in text. Knows no reflection.</summary>
internal static class ModelPriceFields
{
    private static readonly FrozenDictionary<string, Func<ModelPrice, decimal, ModelPrice>> s_setters = new Dictionary<
        string,
        Func<ModelPrice, decimal, ModelPrice>
    >
    {
        [nameof(ModelPrice.Input)] = static (price, usd) => price with { Input = usd },
        [nameof(ModelPrice.CachedInput)] = static (price, usd) => price with { CachedInput = usd },
        [nameof(ModelPrice.CacheWrite)] = static (price, usd) => price with { CacheWrite = usd },
        [nameof(ModelPrice.CacheWrite1h)] = static (price, usd) => price with { CacheWrite1h = usd },
        [nameof(ModelPrice.Output)] = static (price, usd) => price with { Output = usd },
        [nameof(ModelPrice.Reasoning)] = static (price, usd) => price with { Reasoning = usd },
        [nameof(ModelPrice.Citation)] = static (price, usd) => price with { Citation = usd },
        [nameof(ModelPrice.InputAudio)] = static (price, usd) => price with { InputAudio = usd },
        [nameof(ModelPrice.CachedInputAudio)] = static (price, usd) => price with { CachedInputAudio = usd },
        [nameof(ModelPrice.OutputAudio)] = static (price, usd) => price with { OutputAudio = usd },
        [nameof(ModelPrice.InputImage)] = static (price, usd) => price with { InputImage = usd },
        [nameof(ModelPrice.CachedInputImage)] = static (price, usd) => price with { CachedInputImage = usd },
        [nameof(ModelPrice.OutputImage)] = static (price, usd) => price with { OutputImage = usd },
        [nameof(ModelPrice.InputVideo)] = static (price, usd) => price with { InputVideo = usd },
        [nameof(ModelPrice.OutputVideo)] = static (price, usd) => price with { OutputVideo = usd },
        [nameof(ModelPrice.PerRequest)] = static (price, usd) => price with { PerRequest = usd },
        [nameof(ModelPrice.PerWebSearch)] = static (price, usd) => price with { PerWebSearch = usd },
    }.ToFrozenDictionary(StringComparer.OrdinalIgnoreCase);

    public static IEnumerable<string> Names => s_setters.Keys.Order(StringComparer.Ordinal);

    public static bool IsField(string name) => s_setters.ContainsKey(name);

    public static ModelPrice Set(ModelPrice price, string name, decimal usd) => s_setters[name](price, usd);
}
