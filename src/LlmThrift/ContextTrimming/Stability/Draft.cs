using Microsoft.Extensions.AI;

namespace LlmThrift.ContextTrimming;

/// <summary>What might be sent of a conversation.</summary>
/// <param name="Sent">By message of the app: what is sent in its place; null for what is left out.</param>
/// <param name="Tokens">By message: of what is sent of it, 0 for what is left out.</param>
/// <param name="IsTrimmed">Whether anything is left out or changed.</param>
/// <param name="Summary">What is told of the rest; null for nothing.</param>
/// <param name="SummaryAt">The message before which that stands.</param>
internal sealed record Draft(ChatMessage?[] Sent, int[] Tokens, bool IsTrimmed, ConversationSummary? Summary = null, int SummaryAt = 0)
{
    /// <summary>Of all messages.</summary>
    public int Total { get; } = Tokens.Sum() + (Summary?.Tokens ?? 0);

    public IReadOnlyList<ChatMessage> ToMessages()
    {
        var messages = new List<ChatMessage>(Sent.Length + 1);
        for (var i = 0; i < Sent.Length; i++)
        {
            if (Summary is not null && SummaryAt == i)
            {
                messages.Add(Summary.Message);
            }

            if (Sent[i] is { } message)
            {
                messages.Add(message);
            }
        }

        return messages;
    }
}
