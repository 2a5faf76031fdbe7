using System.Text.Json;
using Microsoft.Extensions.AI;

namespace LlmThrift.Internal.Caching;

/// <summary>Copies an update for callers who share a stream, so that they cannot change each other's answers.</summary>
internal static class UpdateCopy
{
    /// <summary>The update without the usage, which the leader is billed for.</summary>
    public static ChatResponseUpdate WithoutUsage(ChatResponseUpdate update)
    {
        var contents = new List<AIContent>(update.Contents.Count);
        foreach (var content in update.Contents)
        {
            if (content is not UsageContent)
            {
                contents.Add(Copy(content));
            }
        }

        var copy = update.Clone();
        copy.Contents = contents;
        copy.AdditionalProperties = update.AdditionalProperties?.Clone();
        copy.ContinuationToken = update.ContinuationToken;
        copy.RawRepresentation = null;
        return copy;
    }

    /// <summary>By way of JSON for all but plain text, as a recorded answer is; what has no JSON form is the same object for all.</summary>
    private static AIContent Copy(AIContent content)
    {
        if (content is TextContent { Annotations: not { Count: > 0 }, AdditionalProperties: not { Count: > 0 } } text)
        {
            return new TextContent(text.Text);
        }

        try
        {
            return RecordedContent.FromOther(content).ToContent();
        }
        catch (Exception exception) when (exception is NotSupportedException or JsonException or InvalidOperationException)
        {
            return content;
        }
    }
}
