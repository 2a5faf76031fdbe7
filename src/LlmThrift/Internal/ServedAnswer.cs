using LlmThrift.Metering;
using LlmThrift.Pricing;

namespace LlmThrift.Internal;

/// <summary>An answer that a stage gave in the provider's place, and what the provider would have billed for it.</summary>
internal sealed class ServedAnswer(
    string stage,
    string? provider,
    string? model,
    TokenUsage avoidedUsage,
    bool isEstimated,
    SemanticMatch? match = null
)
{
    private Priced? _priced;

    public string Stage { get; } = stage;

    public string? Provider { get; } = provider;

    public string? Model { get; } = model;

    /// <summary>What the call would have been billed as the app sent it.</summary>
    public TokenUsage AvoidedUsage { get; } = avoidedUsage;

    public bool IsEstimated { get; } = isEstimated;

    /// <summary>How the answer was found, when its question was another one; else null.</summary>
    public SemanticMatch? Match { get; } = match;

    /// <summary>US dollars; null when the price does not cover the usage. Worked out once a price: a stored answer is served many times.</summary>
    public decimal? AvoidedCostAt(ModelPrice price)
    {
        if (_priced is { } known && ReferenceEquals(known.Price, price))
        {
            return known.Cost;
        }

        var cost = price.CostOf(AvoidedUsage.WithoutProviderCache())?.Total;
        _priced = new Priced(price, cost);
        return cost;
    }

    /// <summary>One object, so that readers on other threads see a price with its own cost.</summary>
    private sealed record Priced(ModelPrice Price, decimal? Cost);
}
