using Microsoft.Extensions.AI;

namespace LlmThrift.Local.Tools;

/// <summary>The text of contents.</summary>
internal static class MessageText
{
    /// <exception cref="NotSupportedException">It is no text.</exception>
    public static string Of(AIContent content) =>
        content switch
        {
            TextContent part => part.Text,
            TextReasoningContent => "",
            _ => throw new NotSupportedException(
                $"The local model reads text, not {content.GetType().Name}: send requests with other contents to another tier."
            ),
        };
}
