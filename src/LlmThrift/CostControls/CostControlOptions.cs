using LlmThrift.Budgets;
using LlmThrift.ContextTrimming;
using LlmThrift.ExactCache;
using LlmThrift.Metering;
using LlmThrift.OutputLimits;
using LlmThrift.PrefixCaching;
using LlmThrift.Resilience;
using LlmThrift.Routing;
using LlmThrift.SemanticCache;

namespace LlmThrift.CostControls;

/// <summary>Options of <c>UseCostControls()</c>. Nothing has to be set to begin.</summary>
public sealed class CostControlOptions
{
    /// <summary>Whether answers to repeated requests are cached. Default: true.</summary>
    public bool UseExactCache { get; set; } = true;

    /// <summary>The exact cache.</summary>
    public ExactCacheOptions ExactCache { get; } = new();

    /// <summary>
    /// Whether answers are also served to questions that mean the same. Default: false. It needs an embedding generator: call
    /// <c>services.AddMiniLmEmbeddings()</c> of the package LlmThrift.Embeddings, register another one, or set
    /// <see cref="SemanticCacheOptions.EmbeddingGenerator"/>.
    /// </summary>
    public bool UseSemanticCache { get; set; }

    /// <summary>The semantic cache.</summary>
    public SemanticCacheOptions SemanticCache { get; } = new();

    /// <summary>
    /// Whether long conversations are cut down to a budget before they are sent. Default: false. Parts that the question does not need are left out,
    /// which an app should decide on.
    /// </summary>
    public bool UseContextTrimming { get; set; }

    /// <summary>Context trimming.</summary>
    public ContextTrimmingOptions ContextTrimming { get; } = new();

    /// <summary>Limits on the length of answers; none by default.</summary>
    public OutputLimitOptions OutputLimits { get; } = new();

    /// <summary>Whether requests are put into the form in which the provider's prompt cache serves them best. Default: false.</summary>
    public bool UsePrefixCaching { get; set; }

    /// <summary>Prefix caching.</summary>
    public PrefixCachingOptions PrefixCaching { get; } = new();

    /// <summary>
    /// Budgets, which are on as soon as there is one: <c>o.Budgets.Add("tenant-day", 5m, BudgetWindow.Day, BudgetScope.Tenant)</c>. None by default.
    /// </summary>
    public BudgetOptions Budgets { get; } = new();

    /// <summary>
    /// Model routing, which is on as soon as there are tiers: <c>o.Routing.AddTier("small", "gpt-4o-mini")</c>. None by default.
    /// </summary>
    public ModelRoutingOptions Routing { get; } = new();

    /// <summary>
    /// Whether requests to each provider have a timeout, are repeated when they fail, and are held back while the provider is down. Default: false: the provider's own package repeats
    /// requests too, which is to be switched off where this is on.
    /// </summary>
    public bool UseResilience { get; set; }

    /// <summary>Resilience: timeouts, retries, circuit breaker, hedging.</summary>
    public ResilienceOptions Resilience { get; } = new();

    /// <summary>The cost meter: prices, token counts, sinks.</summary>
    public CostMeterOptions Metering { get; } = new();
}
