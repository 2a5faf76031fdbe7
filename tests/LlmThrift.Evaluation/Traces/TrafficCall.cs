using Microsoft.Extensions.AI;

namespace LlmThrift.Evaluation.Traces;

/// <summary>A message that knows how long its answer is to be and when it reached the provider.</summary>
internal sealed class TrafficCall(string text, int inputTokens, int outputTokens) : ChatMessage(ChatRole.User, text)
{
    public int InputTokens => inputTokens;

    public int OutputTokens => outputTokens;

    /// <summary>When the request reached the provider; 0 when it did not.</summary>
    public long Entered { get; set; }

    /// <summary>When the answer left the provider.</summary>
    public long Left { get; set; }

    public static TrafficCall Of(IEnumerable<ChatMessage> messages) => messages.OfType<TrafficCall>().Last();
}
