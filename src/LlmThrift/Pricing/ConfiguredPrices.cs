using System.Globalization;
using Microsoft.Extensions.Configuration;

namespace LlmThrift.Pricing;

/// <summary>Reads prices from configuration, collecting every mistake before it complains.</summary>
internal sealed class ConfiguredPrices
{
    private readonly List<string> _problems = [];

    private ConfiguredPrices() { }

    public static PriceBook AddTo(PriceBook book, IConfiguration section)
    {
        var reader = new ConfiguredPrices();
        foreach (var entry in section.GetChildren())
        {
            book = reader.Add(book, entry);
        }

        return reader._problems.Count == 0
            ? book
            : throw new InvalidOperationException(
                "The configured prices are not usable:"
                    + string.Concat(reader._problems.Select(problem => Environment.NewLine + "- " + problem))
                    + Environment.NewLine
                    + "Each entry has Model, optionally Provider and From (a date), and prices in USD per million tokens: "
                    + string.Join(", ", ModelPriceFields.Names)
                    + "; LongContext (with AboveInputTokens), Batch, Flex and Priority hold prices of their own."
            );
    }

    private PriceBook Add(PriceBook book, IConfigurationSection entry)
    {
        string? model = null;
        string? provider = null;
        DateTimeOffset? from = null;
        var problems = _problems.Count;
        foreach (var field in entry.GetChildren())
        {
            switch (field.Key.ToUpperInvariant())
            {
                case "MODEL":
                    model = field.Value;
                    break;
                case "PROVIDER":
                    provider = field.Value;
                    break;
                case "FROM" when TryParseTime(field.Value, out var time):
                    from = time;
                    break;
                case "FROM":
                    _problems.Add($"{field.Path} is '{field.Value}', which is not a date such as 2026-10-01.");
                    break;
                default:
                    break;
            }
        }

        // { "Prices": { "our-model": { "Input": 1 } } } says it as well as a list with "Model" does.
        model ??= int.TryParse(entry.Key, NumberStyles.None, CultureInfo.InvariantCulture, out _) ? null : entry.Key;
        if (string.IsNullOrWhiteSpace(model))
        {
            _problems.Add($"{entry.Path} names no Model.");
        }

        var price = ReadPrice(entry, new ModelPrice(), topLevel: true);
        return _problems.Count == problems ? book.With(model!, price, string.IsNullOrWhiteSpace(provider) ? null : provider, from) : book;
    }

    private ModelPrice ReadPrice(IConfigurationSection entry, ModelPrice inherited, bool topLevel)
    {
        var price = inherited;
        var found = false;
        foreach (var field in entry.GetChildren())
        {
            if (ModelPriceFields.IsField(field.Key))
            {
                found = true;
                if (
                    decimal.TryParse(field.Value, NumberStyles.Float, CultureInfo.InvariantCulture, out var usd)
                    && usd is >= 0 and <= ModelPrice.Highest
                )
                {
                    price = ModelPriceFields.Set(price, field.Key, usd);
                }
                else
                {
                    _problems.Add($"{field.Path} is '{field.Value}', which is not a price of 0 or more USD.");
                }
            }
            else if (!IsStructure(field.Key, topLevel))
            {
                _problems.Add($"{field.Path} means nothing here.");
            }
        }

        if (!found)
        {
            _problems.Add($"{entry.Path} gives no price.");
        }

        // What a longer context or another service tier leaves out costs what it costs here.
        return price with
        {
            LongContext = ReadLongContext(entry.GetSection(nameof(ModelPrice.LongContext)), price),
            Batch = topLevel ? ReadServiceTier(entry.GetSection(nameof(ModelPrice.Batch)), price) : null,
            Flex = topLevel ? ReadServiceTier(entry.GetSection(nameof(ModelPrice.Flex)), price) : null,
            Priority = topLevel ? ReadServiceTier(entry.GetSection(nameof(ModelPrice.Priority)), price) : null,
        };
    }

    private PriceTier? ReadLongContext(IConfigurationSection section, ModelPrice shorter)
    {
        if (!section.Exists())
        {
            return null;
        }

        var threshold = section[nameof(PriceTier.AboveInputTokens)];
        if (!long.TryParse(threshold, NumberStyles.None, CultureInfo.InvariantCulture, out var above))
        {
            _problems.Add($"{section.Path}:{nameof(PriceTier.AboveInputTokens)} is '{threshold}', which is not a number of tokens.");
        }

        return new PriceTier(above, ReadPrice(section, shorter, topLevel: false));
    }

    private ModelPrice? ReadServiceTier(IConfigurationSection section, ModelPrice standard) =>
        section.Exists() ? ReadPrice(section, standard, topLevel: false) : null;

    private static bool IsStructure(string key, bool topLevel) =>
        key.ToUpperInvariant() switch
        {
            "LONGCONTEXT" => true,
            "ABOVEINPUTTOKENS" => !topLevel,
            "MODEL" or "PROVIDER" or "FROM" or "BATCH" or "FLEX" or "PRIORITY" => topLevel,
            _ => false,
        };

    private static bool TryParseTime(string? text, out DateTimeOffset time) =>
        DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out time);
}
