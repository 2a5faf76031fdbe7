using LlmThrift.Internal.Caching;

namespace LlmThrift.ContextTrimming;

/// <summary>
/// Remembers what was sent of each conversation, which is known by its messages: a call that begins with all the messages of an earlier one goes on with
/// that. Bounded; safe for concurrent use.
/// </summary>
internal sealed class Conversations(TimeProvider clock)
{
    private const int Capacity = 10_000;
    private const int BytesPerMessage = 16;
    private const long MaxBytes = 64L * 1024 * 1024;

    private static readonly TimeSpan Lifetime = TimeSpan.FromHours(2);

    private readonly SieveStore<UInt128, SentPlan> _plans = new(Capacity, MaxBytes, clock);

    /// <summary>The chain of fingerprints of the messages: one for each beginning. Null when a message has none.</summary>
    public static UInt128[]? ChainOf(MessageFacts[] facts, int fixedTokens)
    {
        var chain = new UInt128[facts.Length];

        // Other tools make another conversation, to the provider's cache as well.
        var link = (UInt128)(uint)fixedTokens;
        for (var i = 0; i < facts.Length; i++)
        {
            if (facts[i].Fingerprint is not { } fingerprint)
            {
                return null;
            }

            // Fingerprints are keyed and uniform, so that a multiplication mixes them well enough.
            link = ((link ^ (link >> 64)) * new UInt128(0x9E37_79B9_7F4A_7C15, 0xF39C_C060_5CED_C835)) + fingerprint;
            chain[i] = link;
        }

        return chain;
    }

    /// <summary>What was sent in the call that this one goes on from; null when none is known.</summary>
    public SentPlan? Find(UInt128[] chain)
    {
        for (var last = chain.Length - 1; last >= 0; last--)
        {
            if (_plans.TryGet(chain[last], out var plan) && plan.Messages == last + 1)
            {
                return plan;
            }
        }

        return null;
    }

    public void Remember(UInt128[] chain, SentPlan plan)
    {
        if (chain.Length > 0)
        {
            _plans.Set(chain[^1], plan, 200 + (BytesPerMessage * plan.Messages), Lifetime);
        }
    }
}
