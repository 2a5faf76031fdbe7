using Microsoft.Extensions.AI;

namespace LlmThrift.Internal;

/// <summary>A model that a request may reach.</summary>
/// <param name="Tier">The position of its tier, from 0.</param>
/// <param name="Model">Its name; null when none is known.</param>
/// <param name="Provider">The provider's name, or null.</param>
/// <param name="Requests">To how many requests one may grow there that are billed, by hedging.</param>
internal readonly record struct PossibleModel(int Tier, string? Model, string? Provider, int Requests);

/// <summary>Says, of a stage that chooses between models, which ones a call may reach.</summary>
internal interface IPossibleModels
{
    /// <summary>How many of them one call may ask and be billed for.</summary>
    int Attempts { get; }

    /// <summary>The models, the weakest first. Tiers that <see cref="CallContext.AllowedTiers"/> leaves out are not among them.</summary>
    IReadOnlyList<PossibleModel> For(CallOptions call);

    /// <summary>The tiers that can serve a request, as bits.</summary>
    ulong CapableTiers(IReadOnlyList<ChatMessage> messages, CallOptions call);
}

/// <summary>Says, of a stage that repeats requests, how many of one may be billed; asked for by its type, as <see cref="PipelineStage"/> is.</summary>
internal sealed record BilledRequests(int Count)
{
    /// <summary>One where no stage says otherwise.</summary>
    public static int Of(IChatClient client) => client.GetService(typeof(BilledRequests)) is BilledRequests requests ? requests.Count : 1;
}
