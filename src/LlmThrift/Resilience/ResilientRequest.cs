using LlmThrift.Internal;
using Microsoft.Extensions.AI;

namespace LlmThrift.Resilience;

/// <summary>What all attempts of one call ask for.</summary>
internal sealed record ResilientRequest(
    IChatClient Client,
    IReadOnlyList<ChatMessage> Messages,
    CallOptions Call,
    bool IsStreaming,
    CancellationToken Caller
);
