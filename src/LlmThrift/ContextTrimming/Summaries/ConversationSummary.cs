using Microsoft.Extensions.AI;

namespace LlmThrift.ContextTrimming;

/// <summary>What a model made of messages that are not sent. Immutable.</summary>
/// <param name="Text">What it said.</param>
/// <param name="Message">What is sent.</param>
/// <param name="Tokens">Of that message.</param>
/// <param name="Covered">By message of the app: whether it is told here.</param>
internal sealed record ConversationSummary(string Text, ChatMessage Message, int Tokens, bool[] Covered)
{
    public bool Covers(int message) => message < Covered.Length && Covered[message];
}
