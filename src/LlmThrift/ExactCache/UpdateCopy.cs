using Microsoft.Extensions.AI;

namespace LlmThrift.ExactCache;

/// <summary>Copies an update for a caller who shares a stream, so that callers cannot change each other's answers.</summary>
internal static class UpdateCopy
{
    /// <summary>The update without the usage, which the leader is billed for; null when nothing else is in it.</summary>
    public static ChatResponseUpdate? WithoutUsage(ChatResponseUpdate update)
    {
        var contents = new List<AIContent>(update.Contents.Count);
        foreach (var content in update.Contents)
        {
            switch (content)
            {
                case UsageContent:
                    break;
                case TextContent text:
                    contents.Add(
                        new TextContent(text.Text)
                        {
                            Annotations = text.Annotations,
                            AdditionalProperties = text.AdditionalProperties?.Clone(),
                        }
                    );
                    break;
                default:
                    contents.Add(content);
                    break;
            }
        }

        if (contents.Count == 0 && update.Contents.Count > 0 && update.FinishReason is null && update.AdditionalProperties is null)
        {
            return null;
        }

        var copy = update.Clone();
        copy.Contents = contents;
        copy.AdditionalProperties = update.AdditionalProperties?.Clone();
        copy.ContinuationToken = update.ContinuationToken;
        return copy;
    }
}
