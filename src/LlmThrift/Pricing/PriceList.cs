using System.IO.Compression;
using System.Reflection;
using System.Text.Json;

namespace LlmThrift.Pricing;

/// <summary>
/// One embedded snapshot of the open price list genai-prices. Which provider and model a name means follows that list's rules, in its order.
/// A provider's models are parsed when first asked for, so that opening the list costs decompression and a skim.
/// </summary>
internal sealed class PriceList
{
    private readonly Provider[] _providers;

    private PriceList(Provider[] providers) => _providers = providers;

    public static PriceList Load(string resource)
    {
        using var stream =
            Assembly.GetExecutingAssembly().GetManifestResourceStream(resource)
            ?? throw new InvalidOperationException($"The embedded price list '{resource}' is missing from this build.");
        using var brotli = new BrotliStream(stream, CompressionMode.Decompress);
        using var memory = new MemoryStream(512 * 1024);
        brotli.CopyTo(memory);
        return Parse(memory.GetBuffer().AsMemory(0, (int)memory.Length));
    }

    public static PriceList Parse(ReadOnlyMemory<byte> json)
    {
        var providers = new List<Provider>();
        var reader = new Utf8JsonReader(json.Span);
        reader.Read();
        while (reader.Read() && reader.TokenType == JsonTokenType.StartObject)
        {
            var provider = new Provider();
            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                var name = reader.GetString();
                reader.Read();
                switch (name)
                {
                    case "id":
                        provider.Id = reader.GetString()!;
                        break;
                    case "provider_match":
                        provider.ProviderMatch = MatchClause.Parse(JsonElement.ParseValue(ref reader));
                        break;
                    case "model_match":
                        provider.ModelMatch = MatchClause.Parse(JsonElement.ParseValue(ref reader));
                        break;
                    case "fallback_model_providers":
                        while (reader.Read() && reader.TokenType == JsonTokenType.String)
                        {
                            provider.Fallbacks.Add(reader.GetString()!);
                        }

                        break;
                    case "models":
                        var start = (int)reader.TokenStartIndex;
                        reader.Skip();
                        provider.ModelsJson = json[start..(int)reader.BytesConsumed];
                        break;
                    default:
                        reader.Skip();
                        break;
                }
            }

            providers.Add(provider);
        }

        return new PriceList([.. providers]);
    }

    /// <summary>The list's own id of a provider, given in lower case; null when the list does not know it.</summary>
    public string? FindProvider(string provider)
    {
        foreach (var candidate in _providers)
        {
            if (string.Equals(candidate.Id, provider, StringComparison.Ordinal))
            {
                return candidate.Id;
            }
        }

        foreach (var candidate in _providers)
        {
            if (candidate.ProviderMatch?.IsMatch(provider) == true)
            {
                return candidate.Id;
            }
        }

        return null;
    }

    /// <summary>The prices of a model, in lower case, at one provider, or at those whose models that provider resells.</summary>
    public PriceSchedule? FindModel(string providerId, string model) =>
        Array.Find(_providers, p => string.Equals(p.Id, providerId, StringComparison.Ordinal)) is { } provider
            ? FindModel(provider, model)
            : null;

    /// <summary>The prices of a model, in lower case, at the first provider that claims the name as its own.</summary>
    public PriceSchedule? FindModel(string model)
    {
        foreach (var provider in _providers)
        {
            if (provider.ModelMatch?.IsMatch(model) == true && FindModel(provider, model) is { } found)
            {
                return found;
            }
        }

        return null;
    }

    private PriceSchedule? FindModel(Provider provider, string model)
    {
        if (provider.Find(model) is { } own)
        {
            return own;
        }

        // One step only: a fallback's own fallbacks are not followed.
        foreach (var id in provider.Fallbacks)
        {
            if (Array.Find(_providers, p => string.Equals(p.Id, id, StringComparison.Ordinal))?.Find(model) is { } found)
            {
                return found;
            }
        }

        return null;
    }

    private sealed class Provider
    {
        private volatile Model[]? _models;

        public string Id { get; set; } = "";

        public MatchClause? ProviderMatch { get; set; }

        public MatchClause? ModelMatch { get; set; }

        public List<string> Fallbacks { get; } = [];

        public ReadOnlyMemory<byte> ModelsJson { get; set; }

        public PriceSchedule? Find(string model)
        {
            // Two threads may parse at once; both arrive at the same models.
            foreach (var candidate in _models ??= ParseModels())
            {
                if (candidate.Match.IsMatch(model))
                {
                    return candidate.Prices;
                }
            }

            return null;
        }

        private Model[] ParseModels()
        {
            using var document = JsonDocument.Parse(ModelsJson);
            var models = new Model[document.RootElement.GetArrayLength()];
            var i = 0;
            foreach (var model in document.RootElement.EnumerateArray())
            {
                models[i++] = new Model(MatchClause.Parse(model.GetProperty("match")), PriceSchedule.Parse(model));
            }

            return models;
        }
    }

    private sealed record Model(MatchClause Match, PriceSchedule Prices);
}
