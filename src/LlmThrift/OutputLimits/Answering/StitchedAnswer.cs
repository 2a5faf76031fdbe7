using Microsoft.Extensions.AI;

namespace LlmThrift.OutputLimits.Answering;

/// <summary>Makes one response of several. The provider's own objects are not written to: some clients hand out one object many times.</summary>
internal static class StitchedAnswer
{
    /// <summary>One message with the texts joined, told as the last response is told, with the ids of the first.</summary>
    public static ChatResponse Join(IReadOnlyList<ChatResponse> parts, AnswerProgress progress)
    {
        var first = parts[0];
        var contents = new List<AIContent>();
        foreach (var content in parts.SelectMany(part => part.Messages).SelectMany(message => message.Contents))
        {
            if (content is TextContent text && contents is [.., TextContent before])
            {
                contents[^1] = new TextContent(before.Text + text.Text);
            }
            else
            {
                contents.Add(content);
            }
        }

        var message = (first.Messages.LastOrDefault(m => m.Role == ChatRole.Assistant) ?? first.Messages[^1]).Clone();
        message.Contents = contents;
        message.RawRepresentation = null;
        var joined = With(parts[^1], [message], progress);
        (joined.ResponseId, joined.CreatedAt, joined.RawRepresentation) = (first.ResponseId, first.CreatedAt, null);
        return joined;
    }

    /// <summary>The response with what all attempts used, and how the whole ended.</summary>
    public static ChatResponse With(ChatResponse response, IList<ChatMessage> messages, AnswerProgress progress) =>
        new(messages)
        {
            AdditionalProperties = response.AdditionalProperties,
            ConversationId = response.ConversationId,
            CreatedAt = response.CreatedAt,
            FinishReason = progress.FinishReason,
            ModelId = response.ModelId,
            RawRepresentation = response.RawRepresentation,
            ResponseId = response.ResponseId,
            Usage = progress.Usage,
        };
}
