using LlmThrift.Diagnostics;
using LlmThrift.Internal;
using LlmThrift.Pricing;
using LlmThrift.Tokens;
using LlmThrift.Vectors;
using Microsoft.Extensions.AI;

namespace LlmThrift.Routing;

/// <summary>What the pipelines of one registration share. Safe for concurrent use.</summary>
internal sealed class RoutingState
{
    private readonly ModelRoutingOptions _options;
    private readonly PipelineServices _services;
    private readonly PriceBook _prices;
    private readonly PolicyRouter? _policy;

    public RoutingState(ModelRoutingOptions options, PipelineServices services)
    {
        var problems = new OptionsProblems();
        _ = options.HasTiers();
        options.Validate(problems);
        foreach (var tier in options.Tiers.Where(tier => tier.ClientKey is not null))
        {
            problems.AddIf(
                services.FindKeyed<IChatClient>(tier.ClientKey!) is null,
                $"The tier \"{tier.Name}\" has the ClientKey \"{tier.ClientKey}\", and no such client is among the app's services: add one with services.AddKeyedChatClient(\"{tier.ClientKey}\", …)."
            );
        }

        problems.ThrowIfAny();
        (_options, _services) = (options, services);
        _prices = options.Prices ?? PriceBook.Embedded;
        Checks = [.. options.Cascade.Checks];
        MaxEscalations = options.Cascade.MaxEscalations;
        MaxBufferedCharacters = options.Cascade.MaxBufferedCharacters;
        FallsBackOn = options.FallsBackOn;
        Counter = options.TokenCounter ?? RequestTokenCounter.Default;
        _policy = options.Policy is { } policy ? RouterOf(policy, options, services) : null;
        Explorer = _policy is not null && options.Exploration.Share > 0 ? new Explorer(_policy, options.Exploration, services) : null;
        Manager = new ModelRoutingManager(_policy?.Threshold, Explorer);
        Conversations = options.IsSticky ? new ConversationTiers(options.StickyFor, _prices, services.Clock) : null;
    }

    public ModelRoutingManager Manager { get; }

    /// <summary>Compares tiers on some calls; null when nothing is explored.</summary>
    public Explorer? Explorer { get; }

    public IReadOnlyList<IAnswerCheck> Checks { get; }

    public int MaxEscalations { get; }

    public int MaxBufferedCharacters { get; }

    public Func<Exception, bool>? FallsBackOn { get; }

    public RequestTokenCounter Counter { get; }

    public ConversationTiers? Conversations { get; }

    public HelperFailures Failures => _services.Failures;

    public TimeProvider Clock => _services.Clock;

    /// <summary>The tiers of one pipeline.</summary>
    /// <param name="inner">The client that the pipeline is built on.</param>
    /// <param name="around">Puts around a tier's own client what lies around the pipeline's.</param>
    public IReadOnlyList<TierClient> TiersOver(IChatClient inner, Func<ModelTier, IChatClient, IChatClient> around) =>
        [
            .. _options.Tiers.Select(tier =>
            {
                var own = tier.Client ?? (tier.ClientKey is null ? null : _services.FindKeyed<IChatClient>(tier.ClientKey));
                return new TierClient(tier, own is null ? inner : around(tier, own));
            }),
        ];

    public TierChooser ChooserOf(IReadOnlyList<TierClient> tiers)
    {
        var now = Clock.GetUtcNow();
        int?[] windows = [.. tiers.Select(tier => tier.Tier.ContextWindow ?? tier.PriceAt(_prices, now)?.ContextWindow)];
        return new TierChooser(tiers, _options, windows, _policy, Failures);
    }

    private PolicyRouter RouterOf(RoutingPolicy policy, ModelRoutingOptions options, PipelineServices services)
    {
        var generator =
            options.EmbeddingGenerator
            ?? services.Find<IEmbeddingGenerator<string, Embedding<float>>>()
            ?? throw new InvalidOperationException(
                "Model routing by a policy has no embedding generator. Add the package LlmThrift.Embeddings and call services.AddMiniLmEmbeddings(), which computes in this "
                    + "process; or register any IEmbeddingGenerator<string, Embedding<float>> as a service; or set Routing.EmbeddingGenerator."
            );
        if (RoutingPolicy.ModelOf(generator) is var model && model != policy.EmbeddingModel)
        {
            throw new InvalidOperationException(
                $"The policy was made with embeddings of \"{policy.EmbeddingModel}\", and the app's generator makes those of \"{model}\": set Routing.EmbeddingGenerator to one of "
                    + "the policy's model, or run the audit again with the app's."
            );
        }

        return new PolicyRouter(
            policy,
            new MovingThreshold(policy, (options.Target ?? policy.SignOff?.Target)!),
            new Embedder(generator, CostStages.Routing, services.Clock, services.Failures, Counter),
            options.EmbeddingTimeout,
            [.. options.Tiers.Select(tier => tier.Name)],
            services.Clock,
            services.Failures
        );
    }
}
