using ConsoleReplay.Traffic;
using Microsoft.Extensions.AI;
using OpenAI.Chat;
using ChatFinishReason = Microsoft.Extensions.AI.ChatFinishReason;
using ChatMessage = Microsoft.Extensions.AI.ChatMessage;

namespace ConsoleReplay.Live;

/// <summary>Turns an answer of the OpenAI package into one of Microsoft.Extensions.AI.</summary>
internal static class OpenAIResponse
{
    public static ChatResponse From(ChatCompletion completion)
    {
        var message = new ChatMessage
        {
            Role = ChatRole.Assistant,
            MessageId = completion.Id,
            RawRepresentation = completion,
        };
        AddContents(message.Contents, completion.Content, completion.Refusal);
        foreach (var call in completion.ToolCalls)
            message.Contents.Add(ToolCall(call.Id, call.FunctionName, call.FunctionArguments?.ToString()));

        return new ChatResponse(message)
        {
            ResponseId = completion.Id,
            ModelId = completion.Model,
            CreatedAt = completion.CreatedAt,
            FinishReason = From(completion.FinishReason),
            Usage = completion.Usage is { } usage ? From(usage) : null,
            RawRepresentation = completion,
        };
    }

    /// <summary>An update of a stream, without calls of tools, which come in pieces.</summary>
    public static ChatResponseUpdate From(StreamingChatCompletionUpdate update)
    {
        var result = new ChatResponseUpdate
        {
            Role = ChatRole.Assistant,
            ResponseId = update.CompletionId,
            MessageId = update.CompletionId,
            ModelId = update.Model,
            CreatedAt = update.CreatedAt,
            FinishReason = update.FinishReason is { } reason ? From(reason) : null,
            RawRepresentation = update,
        };
        AddContents(result.Contents, update.ContentUpdate, update.RefusalUpdate);
        if (update.Usage is { } usage)
            result.Contents.Add(new UsageContent(From(usage)));
        return result;
    }

    public static FunctionCallContent ToolCall(string? id, string? name, string? arguments) =>
        new(id ?? "", name ?? "", Json.ReadArguments(arguments));

    private static void AddContents(IList<AIContent> contents, ChatMessageContent? parts, string? refusal)
    {
        foreach (var part in parts ?? [])
        {
            if (part.Kind == ChatMessageContentPartKind.Text && part.Text is { Length: > 0 } text)
                contents.Add(new TextContent(text) { RawRepresentation = part });
        }

        // A refusal is what the user is shown instead of an answer, and is marked as such.
        if (refusal is { Length: > 0 })
            contents.Add(new ErrorContent(refusal) { ErrorCode = "refusal" });
    }

    private static ChatFinishReason From(OpenAI.Chat.ChatFinishReason reason) =>
        reason switch
        {
            OpenAI.Chat.ChatFinishReason.Length => ChatFinishReason.Length,
            OpenAI.Chat.ChatFinishReason.ContentFilter => ChatFinishReason.ContentFilter,
            OpenAI.Chat.ChatFinishReason.ToolCalls or OpenAI.Chat.ChatFinishReason.FunctionCall => ChatFinishReason.ToolCalls,
            _ => ChatFinishReason.Stop,
        };

    private static UsageDetails From(ChatTokenUsage usage) =>
        ProviderUsage.Create(
            usage.InputTokenCount,
            usage.OutputTokenCount,
            usage.TotalTokenCount,
            usage.InputTokenDetails?.CachedTokenCount,
            usage.OutputTokenDetails?.ReasoningTokenCount,
            usage.InputTokenDetails?.AudioTokenCount,
            usage.OutputTokenDetails?.AudioTokenCount
        );
}
