using System.Text.Json;
using Microsoft.Extensions.AI;

namespace LlmThrift.ContextTrimming;

/// <summary>Copies of messages with less in them. The caller's own stay as they are.</summary>
internal static class ShortenedMessage
{
    /// <summary>A copy with long contents shortened; null when there is nothing to shorten.</summary>
    public static ChatMessage? Of(ChatMessage message, int maxCharacters, bool resultsOnly) =>
        With(
            message,
            content =>
                content switch
                {
                    FunctionResultContent result
                        when SearchText.ResultOf(result) is { } text && Shortener.Result(text, maxCharacters) is { } shorter => With(
                        result,
                        shorter
                    ),
                    TextContent text when !resultsOnly && Shortener.Message(text.Text, maxCharacters) is { } shorter => With(text, shorter),
                    _ => null,
                }
        );

    private static ChatMessage? With(ChatMessage message, Func<AIContent, AIContent?> replacement)
    {
        List<AIContent>? contents = null;
        for (var index = 0; index < message.Contents.Count; index++)
        {
            if (replacement(message.Contents[index]) is { } other)
            {
                contents ??= [.. message.Contents];
                contents[index] = other;
            }
        }

        return contents is null ? null : With(message, contents);
    }

    /// <summary>A copy with another content in one place.</summary>
    public static ChatMessage With(ChatMessage message, int index, AIContent content)
    {
        List<AIContent> contents = [.. message.Contents];
        contents[index] = content;
        return With(message, contents);
    }

    private static ChatMessage With(ChatMessage message, List<AIContent> contents)
    {
        var copy = message.Clone();
        copy.Contents = contents;
        copy.RawRepresentation = null;
        return copy;
    }

    /// <summary>A result with another text: an object stays one where the text is JSON.</summary>
    public static FunctionResultContent With(FunctionResultContent result, string text) =>
        new(result.CallId, result.Result is not string && AsJson(text) is { } json ? json : text)
        {
            AdditionalProperties = result.AdditionalProperties,
            Annotations = result.Annotations,
        };

    public static TextContent With(TextContent content, string text) =>
        new(text) { AdditionalProperties = content.AdditionalProperties, Annotations = content.Annotations };

    private static JsonElement? AsJson(string text)
    {
        try
        {
            return JsonElement.Parse(text);
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
