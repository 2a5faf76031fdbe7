using LlmThrift.Internal;
using LlmThrift.Pricing;
using Microsoft.Extensions.AI;

namespace LlmThrift.ContextTrimming;

/// <summary>One conversation to trim.</summary>
/// <param name="Messages">Its messages.</param>
/// <param name="Facts">Of each message.</param>
/// <param name="Fixed">Tokens of what is sent whatever the messages.</param>
/// <param name="Budget">Tokens that it may have.</param>
/// <param name="HardLimit">Tokens that fit into the model's context window.</param>
internal sealed record TrimRequest(IReadOnlyList<ChatMessage> Messages, MessageFacts[] Facts, int Fixed, int Budget, int HardLimit)
{
    public int Before { get; } = Fixed + Facts.Sum(fact => fact.Tokens);

    public string? ModelId { get; init; }

    public ModelPrice? Price { get; init; }

    /// <summary>What helpers are billed to; null for none.</summary>
    public CallContext? Call { get; init; }

    /// <summary>Which conversation it is; null where nothing is remembered of it.</summary>
    public UInt128[]? Chain { get; init; }

    /// <summary>What was sent in the call that this one goes on from; null for none, or where each call is to be trimmed anew.</summary>
    public SentPlan? Earlier { get; init; }

    /// <summary>The summary so far; null for none.</summary>
    public ConversationSummary? Summary { get; init; }

    /// <summary>What goes out when nothing is done.</summary>
    public Draft AsItIs => new([.. Messages], Array.ConvertAll(Facts, fact => fact.Tokens), IsTrimmed: false);

    public List<ContextBlock> ToBlocks()
    {
        var blocks = BlockBuilder.Build(Messages);
        foreach (var block in blocks)
        {
            foreach (var message in block.Messages)
            {
                block.Tokens += Facts[message].Tokens;
            }
        }

        return blocks;
    }
}
