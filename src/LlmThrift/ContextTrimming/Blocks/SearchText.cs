using System.Text;
using System.Text.Json;
using Microsoft.Extensions.AI;

namespace LlmThrift.ContextTrimming;

/// <summary>What of a message can be searched for: its text, and the arguments and results of tools.</summary>
internal static class SearchText
{
    public static string Of(ChatMessage message)
    {
        var contents = message.Contents;
        if (contents.Count == 1)
        {
            return Of(contents[0]);
        }

        var text = new StringBuilder();
        foreach (var content in contents)
        {
            var part = Of(content);
            if (part.Length > 0)
            {
                text.Append(text.Length > 0 ? "\n" : "").Append(part);
            }
        }

        return text.ToString();
    }

    /// <summary>The text of all messages of a block.</summary>
    public static string Of(ContextBlock block, IReadOnlyList<ChatMessage> messages) =>
        block.Messages.Count == 1
            ? Of(messages[block.FirstMessage])
            : string.Join('\n', block.Messages.Select(index => Of(messages[index])));

    private static string Of(AIContent content) =>
        content switch
        {
            TextContent text => text.Text,
            FunctionCallContent call => $"{call.Name} {JsonOf(call.Arguments)}",
            FunctionResultContent result => ResultOf(result) ?? "",
            _ => "",
        };

    /// <summary>A tool's result as the provider gets it; null when it is not text.</summary>
    public static string? ResultOf(FunctionResultContent result) =>
        result.Result switch
        {
            null => "",
            string text => text,
            TextContent text => text.Text,
            AIContent or IEnumerable<AIContent> => null,
            var value => JsonOf(value),
        };

    private static string? JsonOf(object? value)
    {
        try
        {
            return value is null ? "" : JsonSerializer.Serialize(value, AIJsonUtilities.DefaultOptions.GetTypeInfo(value.GetType()));
        }
        catch (Exception)
        {
            // A value of the app's own without a form in JSON, or whose getter throws: trimming must not fail the call over it.
            return null;
        }
    }
}
