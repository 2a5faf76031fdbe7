using LlmThrift.Metering;
using Microsoft.Extensions.AI;

namespace LlmThrift.Internal;

/// <summary>The last update of a metered stream: empty but for the record.</summary>
internal sealed class MeteredChatResponseUpdate(CallRecord record) : ChatResponseUpdate
{
    public CallRecord Record { get; } = record;
}
