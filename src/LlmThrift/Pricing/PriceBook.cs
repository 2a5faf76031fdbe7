using System.Collections.Concurrent;
using System.Globalization;

namespace LlmThrift.Pricing;

/// <summary>What models cost, by provider, name and time: an embedded snapshot of public list prices, under whatever prices the app adds.</summary>
/// <remarks>
/// <para>
/// Prices are in USD. Nothing is fetched: the embedded snapshot is as old as <see cref="AsOf"/>, and an app that has better
/// prices lays them over it (<see cref="With"/>, <see cref="PriceBookExtensions"/>). The price added last wins.
/// </para>
/// <para>
/// Immutable and safe to share between threads. The first lookup reads the snapshot (milliseconds); a repeated lookup of the same provider
/// and model allocates nothing. A few thousand resolved names are kept, so that made-up model names cannot fill the memory.
/// </para>
/// </remarks>
public sealed class PriceBook
{
    private const int MostResolved = 4096;

    private readonly Lazy<PriceList>? _current;
    private readonly Lazy<PriceList>? _earlier;
    private readonly IPriceLayer[] _layers;
    private readonly ConcurrentDictionary<string, ConcurrentDictionary<string, ResolvedModel>> _resolved = new(StringComparer.Ordinal);
    private int _resolvedCount;

    private PriceBook(Lazy<PriceList>? current, Lazy<PriceList>? earlier, DateOnly asOf, IPriceLayer[] layers)
    {
        _current = current;
        _earlier = earlier;
        AsOf = asOf;
        _layers = layers;
    }

    /// <summary>The prices that come with this version of the library.</summary>
    public static PriceBook Embedded { get; } =
        new(
            new Lazy<PriceList>(() => PriceList.Load("LlmThrift.Pricing.prices.current")),
            new Lazy<PriceList>(() => PriceList.Load("LlmThrift.Pricing.prices.earlier")),
            EmbeddedPrices.AsOf,
            []
        );

    /// <summary>A book without a single price, to be filled with the app's own.</summary>
    public static PriceBook Empty { get; } = new(null, null, DateOnly.MinValue, []);

    /// <summary>The day of the embedded snapshot; <see cref="DateOnly.MinValue"/> in a book without one.</summary>
    public DateOnly AsOf { get; }

    /// <summary>The price of a model in force at a time.</summary>
    /// <param name="modelId">The model as requested or as the response names it, dated or not; case does not matter.</param>
    /// <param name="provider">
    /// Who bills: a name as in <c>ChatClientMetadata.ProviderName</c> and OpenTelemetry (<c>openai</c>, <c>azure.ai.openai</c>, <c>aws.bedrock</c>,
    /// <c>gcp.vertex_ai</c>, …) or of the price list (<c>azure</c>, <c>google</c>, <c>openrouter</c>, …). Null or an unknown name: the provider
    /// whose own model it is by its name. A runtime on one's own machine (<c>ollama</c>, <c>vllm</c>, …) has only the prices that the app gives it.
    /// </param>
    /// <param name="at">The time of the request.</param>
    /// <returns>Null when the book does not know the price.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="modelId"/> is null.</exception>
    public ModelPrice? Find(string modelId, string? provider, DateTimeOffset at)
    {
        ArgumentNullException.ThrowIfNull(modelId);
        return Resolve(modelId, provider ?? "").At(at);
    }

    /// <summary>What a usage costs at the price in force at a time.</summary>
    /// <param name="usage">The usage of one call: tiers of input length are chosen by it.</param>
    /// <param name="modelId"><inheritdoc cref="Find" path="/param[@name='modelId']"/></param>
    /// <param name="provider"><inheritdoc cref="Find" path="/param[@name='provider']"/></param>
    /// <param name="at">The time of the request.</param>
    /// <param name="tier">How the request was served. Default: <see cref="ServiceTier.Standard"/>.</param>
    /// <returns>Null when the model, the tier, or a class of token in the usage has no known price.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="usage"/> or <paramref name="modelId"/> is null.</exception>
    public Cost? CostOf(TokenUsage usage, string modelId, string? provider, DateTimeOffset at, ServiceTier tier = ServiceTier.Standard)
    {
        ArgumentNullException.ThrowIfNull(usage);
        return Find(modelId, provider, at)?.CostOf(usage, tier);
    }

    /// <summary>A book in which a price of the app's own comes before all others.</summary>
    /// <param name="model">A model's name, or a pattern in which <c>*</c> stands for anything; case does not matter.</param>
    /// <param name="price">The price.</param>
    /// <param name="provider">Only for this provider, and for lookups that name none; null: for every provider.</param>
    /// <param name="from">In force from then on; null: always. Before that time, the book says what it said without this price.</param>
    /// <exception cref="ArgumentException"><paramref name="model"/> is empty.</exception>
    /// <exception cref="ArgumentNullException"><paramref name="price"/> is null.</exception>
    public PriceBook With(string model, ModelPrice price, string? provider = null, DateTimeOffset? from = null)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(model);
        ArgumentNullException.ThrowIfNull(price);
        return WithLayer(new OverridePrice(model, price, provider is null ? null : Canonical(provider), from));
    }

    internal PriceBook WithLayer(IPriceLayer layer) => new(_current, _earlier, AsOf, [layer, .. _layers]);

    /// <summary>One spelling for a provider: the price list's id where it knows the provider.</summary>
    internal string Canonical(string provider)
    {
        var name = ProviderNames.Normalize(provider);
        return _current?.Value.FindProvider(name) ?? name;
    }

    private ResolvedModel Resolve(string modelId, string provider)
    {
        if (_resolved.TryGetValue(provider, out var models) && models.TryGetValue(modelId, out var resolved))
        {
            return resolved;
        }

        resolved = new ResolvedModel(this, modelId, provider);
        if (Interlocked.Increment(ref _resolvedCount) > MostResolved)
        {
            _resolved.Clear();
            Interlocked.Exchange(ref _resolvedCount, 1);
        }

        _resolved.GetOrAdd(provider, static _ => new(StringComparer.Ordinal))[modelId] = resolved;
        return resolved;
    }

    private static PriceSchedule? FindIn(PriceList list, string modelId, string provider)
    {
        var model = modelId.Trim().ToLowerInvariant();
        var name = ProviderNames.Normalize(provider);
        if (ProviderNames.IsSelfHosted(name))
        {
            return null;
        }

        if (name.Length > 0 && list.FindProvider(name) is { } id)
        {
            return list.FindModel(id, model) ?? (DashDate(model) is { } dashed ? list.FindModel(id, dashed) : null);
        }

        if (list.FindModel(model) is { } byName)
        {
            return byName;
        }

        if (DashDate(model) is { } dashedModel && list.FindModel(dashedModel) is { } byDashedName)
        {
            return byDashedName;
        }

        // A gateway's "provider/model".
        var slash = model.IndexOf('/', StringComparison.Ordinal);
        return slash > 0 && slash < model.Length - 1 && list.FindProvider(ProviderNames.Normalize(model[..slash])) is { } prefix
            ? list.FindModel(prefix, model[(slash + 1)..])
            : null;
    }

    /// <summary>Deployments write gpt-5-20250807 for gpt-5-2025-08-07. Null when the name has no such date.</summary>
    private static string? DashDate(string model)
    {
        for (var i = 0; i + 9 <= model.Length; i++)
        {
            if (
                model[i] == '-'
                && (i + 9 == model.Length || model[i + 9] is '-' or ':')
                && DateOnly.TryParseExact(model.AsSpan(i + 1, 8), "yyyyMMdd", CultureInfo.InvariantCulture, DateTimeStyles.None, out _)
            )
            {
                return $"{model.AsSpan(0, i + 5)}-{model.AsSpan(i + 5, 2)}-{model.AsSpan(i + 7)}";
            }
        }

        return null;
    }

    /// <summary>What a name came to. The earlier snapshot is read only if a request is that old, or the current one lacks the model.</summary>
    private sealed class ResolvedModel
    {
        private readonly DatedPrice[] _own;
        private readonly PriceSchedule? _current;
        private readonly Lazy<PriceSchedule?>? _earlier;

        public ResolvedModel(PriceBook book, string modelId, string provider)
        {
            var own = new List<DatedPrice>();
            var canonical = provider.Length == 0 ? null : book.Canonical(provider);
            foreach (var layer in book._layers)
            {
                layer.Collect(modelId.Trim(), canonical, own);
            }

            _own = [.. own];
            if (book._current is { } current && book._earlier is { } earlier)
            {
                _current = FindIn(current.Value, modelId, provider);
                _earlier = new Lazy<PriceSchedule?>(() => FindIn(earlier.Value, modelId, provider));
            }
        }

        public ModelPrice? At(DateTimeOffset at)
        {
            foreach (var own in _own)
            {
                if (own.From is not { } from || at >= from)
                {
                    return own.Price;
                }
            }

            if (_earlier is null)
            {
                return null;
            }

            return at < EmbeddedPrices.EarlierUntil ? (_earlier.Value ?? _current)?.At(at) : (_current ?? _earlier.Value)?.At(at);
        }
    }
}
