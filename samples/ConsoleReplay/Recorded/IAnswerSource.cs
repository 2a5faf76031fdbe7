using Microsoft.Extensions.AI;

namespace ConsoleReplay.Recorded;

/// <summary>Where the recorded provider finds what to answer. Safe for concurrent use.</summary>
internal interface IAnswerSource
{
    /// <summary>The answer to a request. Where several were recorded, each is given in its turn.</summary>
    RecordedAnswer Find(IReadOnlyList<ChatMessage> messages, ChatOptions? options);
}
