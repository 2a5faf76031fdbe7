using LlmThrift.Internal;
using LlmThrift.Internal.Caching;
using LlmThrift.Metering;
using LlmThrift.Pricing;
using Microsoft.Extensions.AI;

namespace LlmThrift.Routing;

/// <summary>
/// Keeps conversations with their tier where changing it does not pay: a provider has the beginning of a conversation cached for its own model only, and a model that
/// called tools knows what it wanted of them. A conversation is known by how it begins. Safe for concurrent use.
/// </summary>
internal sealed class ConversationTiers(TimeSpan lifetime, PriceBook prices, TimeProvider clock)
{
    private const int Capacity = 100_000;
    private const int BytesOfOne = 120;

    /// <summary>Of an answer, by which output prices are weighed.</summary>
    private const int ExpectedOutput = 300;

    /// <summary>Providers cache no shorter beginnings.</summary>
    private const int LeastCached = 1_024;

    private readonly SieveStore<UInt128, Tier> _tiers = new(Capacity, (long)Capacity * BytesOfOne, clock);

    /// <summary>The conversation's name; null where there is none yet, or none can be made.</summary>
    public static UInt128? NameOf(IReadOnlyList<ChatMessage> messages, CallOptions options)
    {
        var beginning = new List<ChatMessage>();
        foreach (var message in messages)
        {
            beginning.Add(message);
            if (message.Role == ChatRole.User)
            {
                break;
            }
        }

        var request = new CanonicalRequest
        {
            Messages = beginning,
            Scope = options.ConversationId ?? options.Instructions,
            Partition = $"{options.Context.Tags.Tenant}\n{options.Context.Tags.User}",
        };
        return RequestFingerprint.TryComputeForProcess(request, out var name) ? name : null;
    }

    /// <summary>The choice, or that to stay.</summary>
    public TierChoice Hold(TierChoice choice, UInt128 conversation, RoutingRequest request, IReadOnlyList<TierClient> tiers)
    {
        // A stronger model is chosen for what it knows better, whatever that costs.
        if (
            !_tiers.TryGet(conversation, out var earlier)
            || earlier.Position <= choice.Tier
            || !request.Allows(earlier.Position)
            || !IsUnderWay(request.Messages, out var hasTools)
        )
        {
            return choice;
        }

        return hasTools || !Pays(tiers[earlier.Position], tiers[choice.Tier], request)
            ? choice with
            {
                Tier = earlier.Position,
                Reason = RoutingReason.Sticky,
            }
            : choice;
    }

    public void Remember(UInt128 conversation, int tier) => _tiers.Set(conversation, new Tier(tier), BytesOfOne, lifetime);

    private static bool IsUnderWay(IReadOnlyList<ChatMessage> messages, out bool hasTools)
    {
        var isUnderWay = false;
        hasTools = false;
        foreach (var message in messages)
        {
            isUnderWay |= message.Role == ChatRole.Assistant;
            hasTools |= message.Role == ChatRole.Tool;
        }

        return isUnderWay;
    }

    /// <summary>Whether this call costs less with the other tier, which has to read all of it anew.</summary>
    private bool Pays(TierClient from, TierClient to, RoutingRequest request)
    {
        var now = clock.GetUtcNow();
        if (from.PriceAt(prices, now) is not { Input: { } input } kept || to.PriceAt(prices, now) is not { Input: { } other } changed)
        {
            return true;
        }

        // All but the last message was there in the call before.
        var tokens = request.InputTokens;
        var last = Math.Min(tokens, request.Question.Length / 3);
        var cached = tokens - last >= LeastCached ? tokens - last : 0;
        var costOfStaying = (cached * (kept.CachedInput ?? input)) + ((tokens - cached) * input) + (ExpectedOutput * (kept.Output ?? 0));
        var costOfChanging = (tokens * (changed.CacheWrite ?? other)) + (ExpectedOutput * (changed.Output ?? 0));
        return costOfChanging < costOfStaying;
    }

    private sealed record Tier(int Position);
}
