using Microsoft.Extensions.AI;

namespace LlmThrift.ContextTrimming;

/// <summary>
/// Where a summary stands: as late as it can, for all that comes after it is read anew by the provider when it changes, but before the messages that follow
/// the last gap, and after the instructions at the beginning. Never between the call of a tool and its results.
/// </summary>
internal static class SummaryPlacement
{
    /// <summary>The message before which it stands.</summary>
    /// <param name="blocks">All blocks.</param>
    /// <param name="messages">The conversation.</param>
    /// <param name="sent">By message: what is sent, null for what is left out.</param>
    public static int AfterLastGap(List<ContextBlock> blocks, IReadOnlyList<ChatMessage> messages, ChatMessage?[] sent)
    {
        var place = Array.FindLastIndex(sent, message => message is null) + 1;
        while (blocks.Find(block => IsDivided(block, place, sent)) is { } divided)
        {
            place = divided.FirstMessage;
        }

        var instructions = 0;
        while (instructions < messages.Count && BlockBuilder.IsInstruction(messages[instructions].Role))
        {
            instructions++;
        }

        return Math.Max(place, instructions);
    }

    /// <summary>The first message from <paramref name="start"/> on before which it may stand; -1 for none.</summary>
    public static int FirstFrom(int start, List<ContextBlock> blocks, ChatMessage?[] sent)
    {
        for (var place = start; place < sent.Length; place++)
        {
            if (!blocks.Exists(block => IsDivided(block, place, sent)))
            {
                return place;
            }
        }

        return -1;
    }

    private static bool IsDivided(ContextBlock block, int place, ChatMessage?[] sent) =>
        block.FirstMessage < place && block.Messages[^1] >= place && sent[block.FirstMessage] is not null;
}
