using Microsoft.Extensions.AI;

namespace LlmThrift.PrefixCaching;

/// <summary>Copies the contents that can carry a mark: those of the caller, and of whoever shares the conversation, stay as they are.</summary>
internal static class ContentCopy
{
    /// <summary>The index of the last content of a message that can be marked; -1 for none.</summary>
    public static int LastToMark(ChatMessage message)
    {
        var contents = message.Contents;
        for (var index = contents.Count - 1; index >= 0; index--)
        {
            if (CanBeMarked(contents[index]))
            {
                return index;
            }
        }

        return -1;
    }

    /// <summary>
    /// A content equal to this one, to be marked. Only types whose every property is known are copied: a subclass may have more. Providers refuse
    /// breakpoints on empty texts and on reasoning.
    /// </summary>
    public static AIContent Copy(AIContent content)
    {
        AIContent copy = content switch
        {
            TextContent text => new TextContent(text.Text),
            DataContent data => new DataContent(data.Data, data.MediaType) { Name = data.Name },
            UriContent uri => new UriContent(uri.Uri, uri.MediaType),
            FunctionResultContent result => new FunctionResultContent(result.CallId, result.Result) { Exception = result.Exception },
            _ => throw new NotSupportedException($"{content.GetType().Name} cannot be copied; ask LastToMark first."),
        };
        copy.Annotations = content.Annotations;
        copy.RawRepresentation = content.RawRepresentation;
        copy.AdditionalProperties = content.AdditionalProperties?.Clone();
        return copy;
    }

    private static bool CanBeMarked(AIContent content) =>
        content.GetType() == typeof(TextContent)
            ? !string.IsNullOrWhiteSpace(((TextContent)content).Text)
            : content.GetType() == typeof(DataContent)
                || content.GetType() == typeof(UriContent)
                || content.GetType() == typeof(FunctionResultContent);
}
