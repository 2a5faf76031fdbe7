using LlmThrift.Metering;

namespace LlmThrift.Internal;

/// <summary>Wants to know what a call has cost besides what it has seen itself, when the record of the call is closed.</summary>
internal interface ILateBills
{
    void Take(CallAttempt[] attempts, CallTags tags);
}
