using System.IO.Compression;
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
            typeof(PriceList).Assembly.GetManifestResourceStream(resource)
            ?? throw new InvalidOperationException($"The embedded price list '{resource}' is missing from this build.");
        using var brotli = new BrotliStream(stream, CompressionMode.Decompress);
        using var memory = new MemoryStream(256 * 1024);
        brotli.CopyTo(memory);
        return Parse(memory.GetBuffer().AsMemory(0, (int)memory.Length));
    }

    // A line of JSON for each provider, with the number of its models, and two lines for each model: its match rule and its prices. So the
    // models of a provider that nobody asks for are passed over by looking for line ends, which is much faster than reading their JSON.
    private static PriceList Parse(ReadOnlyMemory<byte> lines)
    {
        var providers = new List<Provider>();
        while (!lines.IsEmpty)
        {
            var provider = ParseProvider(NextLine(ref lines).Span);
            provider.Lines = lines;
            for (var i = 0; i < 2 * provider.ModelCount; i++)
            {
                NextLine(ref lines);
            }

            providers.Add(provider);
        }

        return new PriceList([.. providers]);
    }

    private static ReadOnlyMemory<byte> NextLine(ref ReadOnlyMemory<byte> lines)
    {
        var end = lines.Span.IndexOf((byte)'\n');
        var line = lines[..end];
        lines = lines[(end + 1)..];
        return line;
    }

    private static Provider ParseProvider(ReadOnlySpan<byte> json)
    {
        var provider = new Provider();
        var reader = new Utf8JsonReader(json);
        reader.Read();
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
                    provider.ProviderMatch = MatchClause.Parse(ref reader);
                    break;
                case "model_match":
                    provider.ModelMatch = MatchClause.Parse(ref reader);
                    break;
                case "fallback_model_providers":
                    while (reader.Read() && reader.TokenType == JsonTokenType.String)
                    {
                        provider.Fallbacks.Add(reader.GetString()!);
                    }

                    break;
                case "models":
                    provider.ModelCount = reader.GetInt32();
                    break;
                default:
                    throw new InvalidDataException($"Unknown key '{name}' of a provider in the price list.");
            }
        }

        return provider;
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

        public int ModelCount { get; set; }

        public ReadOnlyMemory<byte> Lines { get; set; }

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
            var lines = Lines;
            var models = new Model[ModelCount];
            for (var i = 0; i < models.Length; i++)
            {
                var reader = new Utf8JsonReader(NextLine(ref lines).Span);
                reader.Read();
                models[i] = new Model(MatchClause.Parse(ref reader), NextLine(ref lines));
            }

            return models;
        }
    }

    /// <summary>A model whose prices are read when somebody asks for them: most never are.</summary>
    private sealed class Model(MatchClause match, ReadOnlyMemory<byte> json)
    {
        private volatile PriceSchedule? _prices;

        public MatchClause Match => match;

        public PriceSchedule Prices => _prices ??= PriceSchedule.Parse(json);
    }
}
