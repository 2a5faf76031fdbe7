using LlmThrift.Internal;
using Microsoft.Extensions.AI;

namespace LlmThrift.Routing;

/// <summary>What a call through the router may cost, for budgets further out.</summary>
internal sealed class RoutableModels(IReadOnlyList<TierClient> tiers, TierChooser chooser, RoutingState state, string? requestedModel)
    : IPossibleModels
{
    private readonly int[] _requests = [.. tiers.Select(tier => tier.BilledRequests)];

    public int Attempts => state.Checks.Count == 0 ? 1 : 1 + state.MaxEscalations;

    public IReadOnlyList<PossibleModel> For(CallOptions call)
    {
        var asked = call.Context.Directive<string>(RoutingDirectives.Tier);
        var models = new List<PossibleModel>(tiers.Count);
        for (var index = 0; index < tiers.Count; index++)
        {
            var tier = tiers[index];
            var isWanted = asked is null
                ? (call.Context.AllowedTiers & (1UL << index)) != 0
                : string.Equals(tier.Tier.Name, asked, StringComparison.OrdinalIgnoreCase);
            if (isWanted)
            {
                models.Add(
                    new PossibleModel(
                        index,
                        (tier.IsOwn || tier.Tier.ModelId is not null ? tier.Model : call.ModelId) ?? tier.Model,
                        tier.Provider,
                        _requests[index]
                    )
                );
            }
        }

        return models;
    }

    public ulong CapableTiers(IReadOnlyList<ChatMessage> messages, CallOptions call)
    {
        if (call.Context.Directive<string>(RoutingDirectives.Tier) is not null)
        {
            // The app's word stands.
            return 0;
        }

        var request = new RoutingRequest(
            messages,
            call,
            call.Context.Tags,
            state.Clock.GetUtcNow(),
            state.Counter,
            call.ModelId ?? requestedModel
        );
        var capable = 0UL;
        for (var index = 0; index < tiers.Count; index++)
        {
            capable |= chooser.CanServe(index, request) ? 1UL << index : 0;
        }

        return capable;
    }
}
