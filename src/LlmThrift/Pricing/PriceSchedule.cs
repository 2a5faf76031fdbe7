using System.Text.Json;

namespace LlmThrift.Pricing;

/// <summary>The prices of one model over time. The last entry whose condition holds is in force; when none holds, the first is.</summary>
internal sealed class PriceSchedule
{
    private readonly Entry[] _entries;

    private PriceSchedule(Entry[] entries) => _entries = entries;

    /// <summary>Null where the model is known to be priced by something other than tokens.</summary>
    public ModelPrice? At(DateTimeOffset at)
    {
        if (_entries.Length > 1)
        {
            var utc = at.UtcDateTime;
            for (var i = _entries.Length - 1; i >= 0; i--)
            {
                if (_entries[i].Holds(utc))
                {
                    return _entries[i].Price;
                }
            }
        }

        return _entries[0].Price;
    }

    public static PriceSchedule Parse(ReadOnlyMemory<byte> json)
    {
        using var document = JsonDocument.Parse(json);
        var model = document.RootElement;
        var prices = model.GetProperty("prices");
        var window = model.TryGetProperty("context_window", out var w) ? w.GetInt32() : (int?)null;
        var factors = model.TryGetProperty("service_tiers", out var f) ? f : default;
        if (prices.ValueKind != JsonValueKind.Array)
        {
            return new PriceSchedule([new Entry { Price = ParsePrice(prices, window, factors) }]);
        }

        var entries = new Entry[prices.GetArrayLength()];
        for (var i = 0; i < entries.Length; i++)
        {
            var entry = prices[i];
            var price = ParsePrice(entry.GetProperty("prices"), window, factors);
            if (!entry.TryGetProperty("constraint", out var constraint))
            {
                entries[i] = new Entry { Price = price };
            }
            else if (constraint.TryGetProperty("start_date", out var date))
            {
                entries[i] = new Entry { Price = price, From = ParseDate(date.GetString()!) };
            }
            else
            {
                entries[i] = new Entry
                {
                    Price = price,
                    DayStart = ParseTime(constraint.GetProperty("start_time").GetString()!),
                    DayEnd = ParseTime(constraint.GetProperty("end_time").GetString()!),
                };
            }
        }

        return new PriceSchedule(entries);
    }

    private static DateTime ParseDate(string text) =>
        DateOnly.ParseExact(text, "yyyy-MM-dd", System.Globalization.CultureInfo.InvariantCulture).ToDateTime(TimeOnly.MinValue);

    private static TimeSpan ParseTime(string text) =>
        TimeOnly.ParseExact(text.TrimEnd('Z'), "HH:mm:ss", System.Globalization.CultureInfo.InvariantCulture).ToTimeSpan();

    private static ModelPrice? ParsePrice(JsonElement prices, int? window, JsonElement factors)
    {
        if (prices.ValueKind == JsonValueKind.Null)
        {
            return null;
        }

        // Thresholds are given per class; a request's price list is the one of the highest threshold that its input exceeds.
        PriceTier? longer = null;
        for (var start = HighestStart(prices, long.MaxValue); start >= 0; start = HighestStart(prices, start))
        {
            longer = new PriceTier(start, Flat(prices, start, window) with { LongContext = longer });
        }

        var standard = Flat(prices, -1, window) with { LongContext = longer };
        return factors.ValueKind == JsonValueKind.Object
            ? standard with
            {
                Batch = Discounted(standard, factors, "batch"),
                Flex = Discounted(standard, factors, "flex"),
                Priority = Discounted(standard, factors, "priority"),
            }
            : standard;
    }

    private static long HighestStart(JsonElement prices, long below)
    {
        var highest = -1L;
        foreach (var price in prices.EnumerateObject())
        {
            if (price.Value.ValueKind == JsonValueKind.Object)
            {
                foreach (var tier in price.Value.GetProperty("tiers").EnumerateArray())
                {
                    var start = tier.GetProperty("start").GetInt64();
                    highest = start < below ? Math.Max(highest, start) : highest;
                }
            }
        }

        return highest;
    }

    private static ModelPrice? Discounted(ModelPrice standard, JsonElement factors, string tier) =>
        factors.TryGetProperty(tier, out var factor) ? standard.Scaled(factor.GetDecimal()) : null;

    private static ModelPrice Flat(JsonElement prices, long start, int? window) =>
        new()
        {
            Input = Class(prices, "input_mtok", start),
            CachedInput = Class(prices, "cache_read_mtok", start),
            CacheWrite = Class(prices, "cache_write_mtok", start),
            CacheWrite1h = Class(prices, "cache_write_1h_mtok", start),
            Output = Class(prices, "output_mtok", start),
            Reasoning = Class(prices, "output_reasoning_mtok", start),
            Citation = Class(prices, "output_citation_mtok", start),
            InputAudio = Class(prices, "input_audio_mtok", start),
            CachedInputAudio = Class(prices, "cache_audio_read_mtok", start),
            OutputAudio = Class(prices, "output_audio_mtok", start),
            InputImage = Class(prices, "input_image_mtok", start),
            CachedInputImage = Class(prices, "cache_image_read_mtok", start),
            OutputImage = Class(prices, "output_image_mtok", start),
            InputVideo = Class(prices, "input_video_mtok", start),
            OutputVideo = Class(prices, "output_video_mtok", start),
            PerRequest = Class(prices, "requests_kcount", start) / 1000,
            PerWebSearch = Class(prices, "web_searches_kcount", start) / 1000,
            ContextWindow = window,
        };

    private static decimal? Class(JsonElement prices, string name, long start)
    {
        if (!prices.TryGetProperty(name, out var price))
        {
            return null;
        }

        if (price.ValueKind == JsonValueKind.Number)
        {
            return price.GetDecimal();
        }

        var applicable = price.GetProperty("base").GetDecimal();
        var highest = -1L;
        foreach (var tier in price.GetProperty("tiers").EnumerateArray())
        {
            var from = tier.GetProperty("start").GetInt64();
            if (from <= start && from > highest)
            {
                highest = from;
                applicable = tier.GetProperty("price").GetDecimal();
            }
        }

        return applicable;
    }

    private readonly struct Entry
    {
        public ModelPrice? Price { get; init; }

        public DateTime? From { get; init; }

        public TimeSpan? DayStart { get; init; }

        public TimeSpan? DayEnd { get; init; }

        public bool Holds(DateTime utc)
        {
            if (From is { } from)
            {
                return utc >= from;
            }

            if (DayStart is not { } start || DayEnd is not { } end)
            {
                return true;
            }

            var time = utc.TimeOfDay;
            return start <= end ? time >= start && time < end : time >= start || time < end;
        }
    }
}
