using LlmThrift.Internal;
using LlmThrift.Internal.Caching;
using LlmThrift.Tokens;
using Microsoft.Extensions.AI;

namespace LlmThrift.ContextTrimming;

/// <summary>
/// Remembers what was found out about messages, so that in a conversation that grows nothing is counted or embedded twice. A message is known by what it
/// says: apps often make the objects anew for each call. Safe for concurrent use.
/// </summary>
internal sealed class MessageMemory(int capacity, RequestTokenCounter counter, TimeProvider clock)
{
    private const int BytesOfOne = 2_048;

    private static readonly TimeSpan Lifetime = TimeSpan.FromHours(6);

    private readonly SieveStore<UInt128, MessageFacts> _facts = new(capacity, (long)capacity * BytesOfOne, clock);

    public MessageFacts[] Of(IReadOnlyList<ChatMessage> messages, string? modelId)
    {
        var facts = new MessageFacts[messages.Count];
        var one = new ChatMessage[1];
        for (var index = 0; index < facts.Length; index++)
        {
            one[0] = messages[index];
            facts[index] = Of(one, modelId);
        }

        return facts;
    }

    public MessageFacts Of(ChatMessage[] message, string? modelId)
    {
        if (!RequestFingerprint.TryComputeForProcess(new CanonicalRequest { Messages = message, Scope = modelId }, out var fingerprint))
        {
            return new MessageFacts(null, Count(message, modelId));
        }

        if (!_facts.TryGet(fingerprint, out var facts))
        {
            facts = new MessageFacts(fingerprint, Count(message, modelId));
            _facts.Set(fingerprint, facts, BytesOfOne, Lifetime);
        }

        return facts;
    }

    /// <summary>The tokens of what is in every request, whatever its messages: instructions, tools, response format.</summary>
    public int CountFixed(ChatOptions? options, string? modelId) => counter.CountRequest([], options, modelId).Tokens;

    private int Count(ChatMessage[] message, string? modelId) =>
        Math.Max(0, counter.CountRequest(message, null, modelId).Tokens - counter.CountRequest([], null, modelId).Tokens);
}
