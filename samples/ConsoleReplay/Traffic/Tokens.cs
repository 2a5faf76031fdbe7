using LlmThrift.Tokens;
using Microsoft.Extensions.AI;

namespace ConsoleReplay.Traffic;

/// <summary>Counts what a provider would count, for the usage that the recorded provider reports.</summary>
internal static class Tokens
{
    /// <summary>A counter of text: that of gpt-4o, whatever the model. Other vendors' counts are near it for English.</summary>
    public static ITokenCounter Text => BytePairEncoding.O200kBase;

    /// <summary>Counts a request the way chat models do: 3 tokens a message, its role and texts, 3 to prime the reply.</summary>
    public static int OfRequest(IEnumerable<ChatMessage> messages, ChatOptions? options)
    {
        var count = 3;
        foreach (var message in messages)
            count += 4 + OfMessage(message);
        if (options?.Instructions is { } instructions)
            count += 4 + Text.CountTokens(instructions);
        foreach (var tool in options?.Tools ?? [])
            count += 8 + Text.CountTokens(tool.Name) + Text.CountTokens(tool.Description) + Text.CountTokens(SchemaOf(tool));
        return count;
    }

    /// <summary>Counts the contents of a message: texts, calls of tools and their results.</summary>
    public static int OfMessage(ChatMessage message)
    {
        var count = 0;
        foreach (var content in message.Contents)
        {
            count += content switch
            {
                TextContent text => Text.CountTokens(text.Text),
                FunctionCallContent call => 8 + Text.CountTokens(call.Name) + Text.CountTokens(Json.Write(call.Arguments)),
                FunctionResultContent result => Text.CountTokens(result.Result as string ?? Json.Write(result.Result)),
                // An image in low detail; the count of one in high detail needs its size.
                DataContent or UriContent => 85,
                _ => 0,
            };
        }

        return count;
    }

    private static string SchemaOf(AITool tool) => tool is AIFunctionDeclaration function ? function.JsonSchema.GetRawText() : "";
}
