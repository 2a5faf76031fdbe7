using Microsoft.Extensions.AI;

namespace LlmThrift.OutputLimits.Answering;

/// <summary>
/// Puts an instruction at the end of the last user message. Further forward, or as a message of its own, it would move or end the prefix that the
/// provider's prompt cache knows; some providers also gather system messages at the front, or take none after the first user message.
/// </summary>
internal static class BrevityInstructions
{
    /// <summary>The messages with the instruction, the caller's own left as they are; null when there is no user message to put it in.</summary>
    public static IReadOnlyList<ChatMessage>? AddTo(IReadOnlyList<ChatMessage> messages, string instruction)
    {
        for (var index = messages.Count - 1; index >= 0; index--)
        {
            if (messages[index].Role == ChatRole.User)
            {
                var told = messages[index].Clone();
                told.Contents = [.. told.Contents, new TextContent("\n\n" + instruction)];
                ChatMessage[] copy = [.. messages];
                copy[index] = told;
                return copy;
            }
        }

        return null;
    }
}
