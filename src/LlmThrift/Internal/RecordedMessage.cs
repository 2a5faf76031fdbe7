using Microsoft.Extensions.AI;

namespace LlmThrift.Internal;

/// <summary>One message of a recorded answer.</summary>
internal sealed record RecordedMessage(ChatRole Role, string? AuthorName, string? MessageId, RecordedContent[] Contents)
{
    public ChatMessage ToMessage()
    {
        var contents = new List<AIContent>(Contents.Length);
        foreach (var content in Contents)
        {
            contents.Add(content.ToContent());
        }

        return new ChatMessage(Role, contents) { AuthorName = AuthorName, MessageId = MessageId };
    }
}
