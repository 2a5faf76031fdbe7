using LlmThrift.Diagnostics;
using LlmThrift.Internal;
using LlmThrift.Pricing;
using LlmThrift.Tokens;
using Microsoft.Extensions.AI;

namespace LlmThrift.Routing;

/// <summary>What the pipelines of one registration share. Safe for concurrent use.</summary>
internal sealed class RoutingState
{
    private readonly ModelRoutingOptions _options;
    private readonly PipelineServices _services;
    private readonly PriceBook _prices;

    public RoutingState(ModelRoutingOptions options, PipelineServices services)
    {
        var problems = new OptionsProblems();
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
        Conversations = options.IsSticky ? new ConversationTiers(options.StickyFor, _prices, services.Clock) : null;
    }

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
        return new TierChooser(tiers, _options, windows, Failures);
    }
}
