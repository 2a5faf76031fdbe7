using Microsoft.Extensions.AI;

namespace LlmThrift.ContextTrimming;

/// <summary>What was sent of a conversation in its last call. Immutable.</summary>
/// <param name="Sent">By message of the app: the copy that was sent in its place; null for itself.</param>
/// <param name="Tokens">By message: what was sent of it, 0 for what was left out.</param>
/// <param name="IsTrimmed">Whether anything was left out or changed.</param>
/// <param name="SentTimestamp">When.</param>
internal sealed record SentPlan(ChatMessage?[] Sent, int[] Tokens, bool IsTrimmed, long SentTimestamp)
{
    public int Messages => Tokens.Length;

    public bool IsLeftOut(int message) => Tokens[message] == 0;
}
