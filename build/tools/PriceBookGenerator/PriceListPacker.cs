using System.IO.Compression;
using System.Text;
using System.Text.Json.Nodes;

namespace PriceBookGenerator;

/// <summary>Keeps of the price list what a lookup needs, in its order, and compresses it.</summary>
internal static class PriceListPacker
{
    private static readonly string[] s_providerKeys = ["id", "provider_match", "model_match", "fallback_model_providers"];

    // Units that LlmThrift bills. Others (audio hours, document pages, storage searches) are left out.
    private static readonly HashSet<string> s_units =
    [
        "input_mtok",
        "cache_read_mtok",
        "cache_write_mtok",
        "cache_write_1h_mtok",
        "output_mtok",
        "output_reasoning_mtok",
        "output_citation_mtok",
        "input_audio_mtok",
        "cache_audio_read_mtok",
        "output_audio_mtok",
        "input_image_mtok",
        "cache_image_read_mtok",
        "output_image_mtok",
        "input_video_mtok",
        "output_video_mtok",
        "requests_kcount",
        "web_searches_kcount",
    ];

    private static readonly HashSet<string> s_unbilledUnits =
    [
        "storage_searches_kcount",
        "audio_hours",
        "input_audio_hours",
        "output_audio_hours",
        "input_document_kpages",
        "input_annotated_document_kpages",
        "input_text_messages_kcount",
    ];

    /// <returns>A line for each provider and two for each of its models, as PriceList reads them.</returns>
    public static PackedPriceList Pack(byte[] json)
    {
        var source = JsonNode.Parse(json)!.AsArray();
        var lines = new StringBuilder();
        var models = 0;
        foreach (var provider in source)
        {
            var id = provider!["id"]!.GetValue<string>();
            var kept = new JsonObject();
            foreach (var key in s_providerKeys)
            {
                if (provider[key] is { } value)
                {
                    kept[key] = key.EndsWith("_match", StringComparison.Ordinal) ? Clause(value) : value.DeepClone();
                }
            }

            var own = provider["models"]!.AsArray();
            kept["models"] = own.Count;
            models += own.Count;
            lines.Append(kept.ToJsonString()).Append('\n');
            foreach (var model in own)
            {
                lines.Append(Clause(model!["match"]!).ToJsonString()).Append('\n');
                lines.Append(Model(id, model.AsObject()).ToJsonString()).Append('\n');
            }
        }

        var bytes = Encoding.UTF8.GetBytes(lines.ToString());
        return new PackedPriceList(source.Count, models, bytes.Length, Compress(bytes));
    }

    private static JsonObject Model(string provider, JsonObject model)
    {
        var kept = new JsonObject();
        if (model["context_window"] is { } window)
        {
            kept["context_window"] = window.DeepClone();
        }

        if (ServiceTierFacts.Of(provider, model["id"]!.GetValue<string>()) is { } tiers)
        {
            kept["service_tiers"] = tiers;
        }

        var name = $"{provider}/{model["id"]}";
        if (model["prices"] is JsonArray conditional)
        {
            var entries = new JsonArray();
            foreach (var entry in conditional)
            {
                var keptEntry = new JsonObject();
                if (entry!["constraint"] is JsonObject constraint)
                {
                    var keptConstraint = constraint.DeepClone().AsObject();
                    keptConstraint.Remove("type");
                    keptEntry["constraint"] = keptConstraint;
                }

                keptEntry["prices"] = Prices(name, entry["prices"]!.AsObject());
                entries.Add(keptEntry);
            }

            kept["prices"] = entries;
        }
        else
        {
            kept["prices"] = Prices(name, model["prices"]!.AsObject());
        }

        return kept;
    }

    private static JsonObject? Prices(string model, JsonObject prices)
    {
        // The list writes an empty object for what is free of charge, and leaves out the output price of what has no output.
        if (prices.Count == 0)
        {
            return new JsonObject { ["input_mtok"] = 0, ["output_mtok"] = 0 };
        }

        var kept = new JsonObject();
        foreach (var (unit, price) in prices)
        {
            if (s_units.Contains(unit))
            {
                kept[unit] = price!.DeepClone();
            }
            else if (!s_unbilledUnits.Contains(unit))
            {
                throw new FormatException(
                    $"{model} is priced by '{unit}', which is new: teach PriceSchedule and PriceListPacker about it, or list it as not billed."
                );
            }
        }

        if (!kept.ContainsKey("input_mtok"))
        {
            return null;
        }

        if (!kept.ContainsKey("output_mtok"))
        {
            kept["output_mtok"] = 0;
        }

        return kept;
    }

    /// <summary>Regular expressions that only match a dated name become shapes, which need no regular expression at run time.</summary>
    private static JsonNode Clause(JsonNode clause)
    {
        var (kind, value) = clause.AsObject().First();
        if (value is JsonArray parts)
        {
            return new JsonObject { [kind] = new JsonArray([.. parts.Select(part => Clause(part!))]) };
        }

        var text = value!.GetValue<string>();
        return kind == "regex" && Shape(text) is { } shape ? new JsonObject { ["dated"] = shape } : clause.DeepClone();
    }

    private static string? Shape(string pattern)
    {
        if (pattern is not ['^', .., '$'])
        {
            return null;
        }

        var shape = new StringBuilder();
        var rest = pattern.AsSpan(1, pattern.Length - 2);
        while (!rest.IsEmpty)
        {
            if (rest is ['\\', 'd', '{', var digits, '}', ..] && char.IsAsciiDigit(digits))
            {
                shape.Append('#', digits - '0');
                rest = rest[5..];
            }
            else if (rest is ['\\', var escaped, ..] && char.IsPunctuation(escaped))
            {
                shape.Append(escaped);
                rest = rest[2..];
            }
            else if (char.IsAsciiLetterOrDigit(rest[0]) || rest[0] is '-' or '/' or '=')
            {
                shape.Append(rest[0]);
                rest = rest[1..];
            }
            else
            {
                return null;
            }
        }

        return shape.ToString();
    }

    private static byte[] Compress(byte[] bytes)
    {
        using var memory = new MemoryStream();
        using (var brotli = new BrotliStream(memory, new BrotliCompressionOptions { Quality = 11 }, leaveOpen: true))
        {
            brotli.Write(bytes);
        }

        return memory.ToArray();
    }
}

internal sealed record PackedPriceList(int Providers, int Models, int JsonBytes, byte[] Brotli);
