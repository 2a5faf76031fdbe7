using LlmThrift.Internal;
using LlmThrift.Pricing;
using LlmThrift.Tokens;
using LlmThrift.Vectors;
using Microsoft.Extensions.AI;

namespace LlmThrift.Routing;

/// <summary>Options of model routing.</summary>
public sealed class ModelRoutingOptions
{
    /// <summary>The tiers, cheapest first. At least two, with different names.</summary>
    public IList<ModelTier> Tiers { get; } = [];

    /// <summary>Rules; the first whose conditions are met decides.</summary>
    public IList<RoutingRule> Rules { get; } = [];

    /// <summary>The app's own choice, asked when no rule decides. Default: null.</summary>
    public IModelRouter? Router { get; set; }

    /// <summary>What an audit of the app's own traffic found out, by which calls are scored when neither rules nor the router decide. Default: null. See <see cref="UsePolicy"/>.</summary>
    public RoutingPolicy? Policy { get; set; }

    /// <summary>What routing by the policy holds to. Default: null, what the policy was signed off for.</summary>
    public RoutingTarget? Target { get; set; }

    /// <summary>Makes the embeddings of questions, by which the policy scores them. Default: the one among the app's services. It is not disposed.</summary>
    public IEmbeddingGenerator<string, Embedding<float>>? EmbeddingGenerator { get; set; }

    /// <summary>
    /// How long a call waits for the embedding of its question before it goes to the stronger tier. Default: 50 ms. More than zero. A generator that is marked by
    /// <see cref="IQuickEmbeddingGenerator"/> is waited for when the question is short.
    /// </summary>
    public TimeSpan EmbeddingTimeout { get; set; } = TimeSpan.FromMilliseconds(50);

    /// <summary>A share of the calls that is sent to both tiers of the policy, to see whether it still holds. Off by default.</summary>
    public ExplorationOptions Exploration { get; } = new();

    /// <summary>The name of the tier that is chosen when nothing else decides. Default: null, the last one, which is the strongest.</summary>
    public string? DefaultTier { get; set; }

    /// <summary>Checks of answers, and what happens to those that do not pass; none by default.</summary>
    public CascadeOptions Cascade { get; } = new();

    /// <summary>
    /// Whether a conversation stays with its tier where a cheaper one would cost more than it saves, as the provider has its beginning cached, or where tools have been called. Default: true.
    /// </summary>
    public bool IsSticky { get; set; } = true;

    /// <summary>How long a conversation stays with its tier after its last call: as long as the provider remembers. Default: 5 minutes. More than zero.</summary>
    public TimeSpan StickyFor { get; set; } = TimeSpan.FromMinutes(5);

    /// <summary>
    /// Whether a call goes to another tier when a request fails, and which failures count. Default: all but requests that are bad themselves (HTTP status 400, 401, 403, 404, 413, 422), which another
    /// model would refuse too. Nothing changes once output has started. Null for never.
    /// </summary>
    public Func<Exception, bool>? FallsBackOn { get; set; } = TierFailures.AreWorthAnotherTier;

    /// <summary>Prices, by which switching tiers is weighed. Default: those of the cost meter within <c>UseCostControls()</c>, else the embedded ones.</summary>
    public PriceBook? Prices { get; set; }

    /// <summary>Counts tokens. Default: that of the cost meter within <c>UseCostControls()</c>, else the default one.</summary>
    public RequestTokenCounter? TokenCounter { get; set; }

    /// <summary>Adds a tier, stronger and dearer than those before it.</summary>
    /// <param name="name">Its name, such as "small".</param>
    /// <param name="modelId">The model; null for the client's default.</param>
    /// <param name="client">The client of the provider; null for the client that the pipeline is built on.</param>
    /// <returns>The tier, for more to be said about it.</returns>
    /// <exception cref="ArgumentException"><paramref name="name"/> is null, empty or blank.</exception>
    public ModelTier AddTier(string name, string? modelId = null, IChatClient? client = null)
    {
        var tier = new ModelTier(name) { ModelId = modelId, Client = client };
        Tiers.Add(tier);
        return tier;
    }

    /// <summary>Routes by a policy. Where no tiers are added, there are the two of the policy, with the models that were audited.</summary>
    /// <param name="policy">The policy: <see cref="RoutingPolicy.Load"/>.</param>
    /// <param name="target">What to hold to. Default: what the policy was signed off for.</param>
    /// <exception cref="ArgumentNullException"><paramref name="policy"/> is null.</exception>
    public void UsePolicy(RoutingPolicy policy, RoutingTarget? target = null)
    {
        ArgumentNullException.ThrowIfNull(policy);
        (Policy, Target) = (policy, target);
    }

    /// <summary>Whether anything is to be routed: there are tiers, if only those of the policy, which are added.</summary>
    internal bool HasTiers()
    {
        if (Tiers.Count == 0 && Policy is { } policy)
        {
            AddTier(policy.WeakTier.Name, policy.WeakTier.ModelId);
            AddTier(policy.StrongTier.Name, policy.StrongTier.ModelId);
        }

        return Tiers.Count > 0;
    }

    internal void Validate(OptionsProblems problems)
    {
        problems.AddIf(Tiers.Count > 64, $"Routing.Tiers has {Tiers.Count} tiers: 64 is the most.");
        problems.AddIf(
            Tiers.Count < 2,
            $"Routing.Tiers has {Tiers.Count} tiers: add at least two, such as o.Routing.AddTier(\"small\", \"gpt-4o-mini\")."
        );
        foreach (var twice in Tiers.GroupBy(tier => tier.Name, StringComparer.OrdinalIgnoreCase).Where(group => group.Count() > 1))
        {
            problems.Add($"Routing.Tiers has {twice.Count()} tiers named \"{twice.Key}\": give each a name of its own.");
        }

        foreach (var tier in Tiers)
        {
            problems.AddIf(
                tier.Client is not null && tier.ClientKey is not null,
                $"The tier \"{tier.Name}\" has both a Client and the ClientKey \"{tier.ClientKey}\": set one of them."
            );
            problems.AddIf(
                tier.ContextWindow < 1,
                $"The tier \"{tier.Name}\" has a ContextWindow of {tier.ContextWindow}: it must be at least 1, or null."
            );
        }

        for (var number = 0; number < Rules.Count; number++)
        {
            CheckTier(problems, Rules[number].Tier, $"Routing.Rules[{number}]");
            Rules[number].Validate(problems, number);
        }

        if (DefaultTier is not null)
        {
            CheckTier(problems, DefaultTier, "Routing.DefaultTier");
        }

        ValidatePolicy(problems);
        Exploration.Validate(problems, this);
        problems.AddIf(
            EmbeddingTimeout <= TimeSpan.Zero,
            $"Routing.EmbeddingTimeout is {EmbeddingTimeout}: it must be more than zero, such as 00:00:00.050."
        );
        problems.AddIf(StickyFor <= TimeSpan.Zero, $"Routing.StickyFor is {StickyFor}: it must be more than zero, such as 00:05:00.");
        Cascade.Validate(problems);
    }

    private void ValidatePolicy(OptionsProblems problems)
    {
        if (Policy is null)
        {
            problems.AddIf(Target is not null, $"Routing.Target is \"{Target}\", and there is no Routing.Policy that could hold it.");
            return;
        }

        CheckTier(problems, Policy.WeakTier.Name, "Routing.Policy");
        CheckTier(problems, Policy.StrongTier.Name, "Routing.Policy");
        if ((Target ?? Policy.SignOff?.Target) is not { } target)
        {
            problems.Add(
                "Routing.Policy has not been signed off, so that it is not known what to hold to: set Routing.Target, such as RoutingTarget.Quality(0.98)."
            );
            return;
        }

        try
        {
            Policy.CheckTarget(target);
        }
        catch (InvalidOperationException exception)
        {
            problems.Add(exception.Message);
        }
    }

    private void CheckTier(OptionsProblems problems, string? name, string where) =>
        problems.AddIf(
            !Tiers.Any(tier => string.Equals(tier.Name, name, StringComparison.OrdinalIgnoreCase)),
            $"{where} names the tier \"{name}\", which there is not: the tiers are {string.Join(", ", Tiers.Select(tier => $"\"{tier.Name}\""))}."
        );
}
