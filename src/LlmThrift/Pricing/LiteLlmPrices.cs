using System.Globalization;
using System.Text.Json;

namespace LlmThrift.Pricing;

/// <summary>Prices in the format of litellm's <c>model_prices_and_context_window.json</c>: USD per token, by model name.</summary>
internal sealed class LiteLlmPrices : IPriceLayer
{
    private const string Sample = "sample_spec";

    private static readonly Dictionary<string, string> s_fields = new(StringComparer.Ordinal)
    {
        ["input_cost_per_token"] = nameof(ModelPrice.Input),
        ["output_cost_per_token"] = nameof(ModelPrice.Output),
        ["cache_read_input_token_cost"] = nameof(ModelPrice.CachedInput),
        ["cache_creation_input_token_cost"] = nameof(ModelPrice.CacheWrite),
        ["cache_creation_input_token_cost_above_1hr"] = nameof(ModelPrice.CacheWrite1h),
        ["output_cost_per_reasoning_token"] = nameof(ModelPrice.Reasoning),
        ["citation_cost_per_token"] = nameof(ModelPrice.Citation),
        ["input_cost_per_audio_token"] = nameof(ModelPrice.InputAudio),
        ["cache_read_input_audio_token_cost"] = nameof(ModelPrice.CachedInputAudio),
        ["cache_read_input_token_cost_per_audio_token"] = nameof(ModelPrice.CachedInputAudio),
        ["output_cost_per_audio_token"] = nameof(ModelPrice.OutputAudio),
        ["input_cost_per_image_token"] = nameof(ModelPrice.InputImage),
        ["cache_read_input_image_token_cost"] = nameof(ModelPrice.CachedInputImage),
        ["output_cost_per_image_token"] = nameof(ModelPrice.OutputImage),
        ["input_cost_per_video_token"] = nameof(ModelPrice.InputVideo),
        ["output_cost_per_video_token"] = nameof(ModelPrice.OutputVideo),
        ["input_cost_per_request"] = nameof(ModelPrice.PerRequest),
    };

    private static readonly (string Suffix, ServiceTier Tier)[] s_tiers =
    [
        ("_batches", ServiceTier.Batch),
        ("_flex", ServiceTier.Flex),
        ("_priority", ServiceTier.Priority),
    ];

    // By name in lower case, as written and without the provider's prefix; the former first.
    private readonly Dictionary<string, List<(string? Provider, ModelPrice Price)>> _byName = new(StringComparer.Ordinal);

    public void Collect(string model, string? provider, List<DatedPrice> prices)
    {
        if (_byName.TryGetValue(model.ToLowerInvariant(), out var candidates))
        {
            foreach (var candidate in candidates)
            {
                if (provider is null || candidate.Provider is null || string.Equals(provider, candidate.Provider, StringComparison.Ordinal))
                {
                    prices.Add(new DatedPrice(candidate.Price, From: null));
                    return;
                }
            }
        }
    }

    /// <param name="json">The file.</param>
    /// <param name="canonical">Gives a provider its one spelling.</param>
    /// <param name="problems">Receives one line for each entry that cannot be read; the others count.</param>
    public static LiteLlmPrices Parse(JsonElement json, Func<string, string> canonical, List<string> problems)
    {
        var layer = new LiteLlmPrices();
        var prefixed = new List<(string Name, string? Provider, ModelPrice Price)>();
        foreach (var entry in json.EnumerateObject())
        {
            if (string.Equals(entry.Name, Sample, StringComparison.Ordinal))
            {
                continue;
            }

            try
            {
                if (ParseEntry(entry.Value) is not { } price)
                {
                    continue;
                }

                var billedBy =
                    entry.Value.TryGetProperty("litellm_provider", out var p) && p.ValueKind == JsonValueKind.String
                        ? canonical(p.GetString()!)
                        : null;
                var name = entry.Name.ToLowerInvariant();
                layer.Add(name, billedBy, price);
                var slash = name.IndexOf('/', StringComparison.Ordinal);
                if (slash > 0 && billedBy is not null)
                {
                    prefixed.Add((name[(slash + 1)..], billedBy, price));
                }
            }
            catch (FormatException e)
            {
                problems.Add($"{entry.Name}: {e.Message}");
            }
        }

        foreach (var (name, billedBy, price) in prefixed)
        {
            layer.Add(name, billedBy, price);
        }

        return layer;
    }

    private void Add(string name, string? provider, ModelPrice price)
    {
        if (!_byName.TryGetValue(name, out var candidates))
        {
            _byName.Add(name, candidates = []);
        }

        candidates.Add((provider, price));
    }

    /// <summary>Null for an entry that is priced by something other than tokens.</summary>
    private static ModelPrice? ParseEntry(JsonElement entry)
    {
        if (entry.ValueKind != JsonValueKind.Object)
        {
            throw new FormatException($"expected an object, found {entry.GetRawText()}.");
        }

        var fields = new SortedDictionary<(ServiceTier Tier, long Above), List<(string Field, decimal Usd)>>();
        foreach (var property in entry.EnumerateObject())
        {
            if (Classify(property.Name) is not { } field || property.Value.ValueKind == JsonValueKind.Null)
            {
                continue;
            }

            if (!fields.TryGetValue((field.Tier, field.Above), out var list))
            {
                fields.Add((field.Tier, field.Above), list = []);
            }

            var perToken = Number(property);
            list.Add(
                (
                    field.Name,
                    string.Equals(field.Name, nameof(ModelPrice.PerRequest), StringComparison.Ordinal) ? perToken : perToken * 1_000_000m
                )
            );
        }

        if (!fields.TryGetValue((ServiceTier.Standard, 0), out var standardFields))
        {
            return null;
        }

        var standard = Apply(
            new ModelPrice
            {
                ContextWindow =
                    entry.TryGetProperty("max_input_tokens", out var window)
                    && window.ValueKind == JsonValueKind.Number
                    && window.TryGetInt32(out var tokens)
                        ? tokens
                        : null,
                Output = HasNoOutput(entry) ? 0 : null,
                PerWebSearch = WebSearch(entry),
            },
            standardFields
        );
        return WithLongContext(standard, ServiceTier.Standard, fields) with
        {
            Batch = OfTier(standard, ServiceTier.Batch, fields),
            Flex = OfTier(standard, ServiceTier.Flex, fields),
            Priority = OfTier(standard, ServiceTier.Priority, fields),
        };
    }

    private static ModelPrice? OfTier(
        ModelPrice standard,
        ServiceTier tier,
        SortedDictionary<(ServiceTier Tier, long Above), List<(string Field, decimal Usd)>> fields
    ) => fields.TryGetValue((tier, 0), out var own) ? WithLongContext(Apply(standard, own), tier, fields) : null;

    /// <summary>Chains the longer contexts on; a class without a price of its own there keeps the one below.</summary>
    private static ModelPrice WithLongContext(
        ModelPrice price,
        ServiceTier tier,
        SortedDictionary<(ServiceTier Tier, long Above), List<(string Field, decimal Usd)>> fields
    )
    {
        var lists = new List<(long Above, ModelPrice Price)>();
        var current = price;
        foreach (var (key, own) in fields)
        {
            if (key.Tier == tier && key.Above > 0)
            {
                current = Apply(current, own);
                lists.Add((key.Above, current));
            }
        }

        PriceTier? longer = null;
        for (var i = lists.Count - 1; i >= 0; i--)
        {
            longer = new PriceTier(lists[i].Above, lists[i].Price with { LongContext = longer });
        }

        return price with
        {
            LongContext = longer,
        };
    }

    private static ModelPrice Apply(ModelPrice price, List<(string Field, decimal Usd)> fields)
    {
        foreach (var (field, usd) in fields)
        {
            price = ModelPriceFields.Set(price, field, usd);
        }

        return price;
    }

    /// <summary>Takes <c>input_cost_per_token_above_200k_tokens_priority</c> apart.</summary>
    private static (string Name, ServiceTier Tier, long Above)? Classify(string key)
    {
        var tier = ServiceTier.Standard;
        foreach (var (suffix, candidate) in s_tiers)
        {
            if (key.EndsWith(suffix, StringComparison.Ordinal))
            {
                tier = candidate;
                key = key[..^suffix.Length];
                break;
            }
        }

        var above = 0L;
        const string Thousands = "k_tokens";
        var mark = key.LastIndexOf("_above_", StringComparison.Ordinal);
        if (mark > 0 && key.EndsWith(Thousands, StringComparison.Ordinal))
        {
            if (
                !long.TryParse(
                    key.AsSpan(mark + 7, key.Length - mark - 7 - Thousands.Length),
                    NumberStyles.None,
                    CultureInfo.InvariantCulture,
                    out above
                )
            )
            {
                return null;
            }

            above *= 1000;
            key = key[..mark];
        }

        return s_fields.TryGetValue(key, out var field) ? (field, tier, above) : null;
    }

    private static bool HasNoOutput(JsonElement entry) =>
        entry.TryGetProperty("mode", out var mode)
        && mode.ValueKind == JsonValueKind.String
        && mode.GetString() is ("embedding" or "rerank" or "moderation");

    private static decimal? WebSearch(JsonElement entry) =>
        entry.TryGetProperty("search_context_cost_per_query", out var costs) && costs.ValueKind == JsonValueKind.Object
            ? costs.EnumerateObject().FirstOrDefault(cost => cost.NameEquals("search_context_size_medium"))
                is { Value.ValueKind: JsonValueKind.Number } medium
                ? Number(medium)
                : null
            : null;

    private static decimal Number(JsonProperty property)
    {
        // The file holds numbers, and now and then a number in quotes.
        var text = property.Value.ValueKind == JsonValueKind.String ? property.Value.GetString() : property.Value.GetRawText();
        return
            decimal.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number)
            && number is >= 0 and <= ModelPrice.Highest / 1_000_000m
            ? number
            : throw new FormatException($"{property.Name} is {property.Value.GetRawText()}, which is not a price of 0 or more USD.");
    }
}
