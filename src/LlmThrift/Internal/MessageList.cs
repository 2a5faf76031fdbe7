using Microsoft.Extensions.AI;

namespace LlmThrift.Internal;

/// <summary>Enumerates the caller's messages once, whatever they come in.</summary>
internal static class MessageList
{
    /// <summary>The messages as a list: the caller's own list where it is one, else a copy.</summary>
    public static IReadOnlyList<ChatMessage> From(IEnumerable<ChatMessage> messages)
    {
        ArgumentNullException.ThrowIfNull(messages);
        return messages as IReadOnlyList<ChatMessage> ?? [.. messages];
    }
}
