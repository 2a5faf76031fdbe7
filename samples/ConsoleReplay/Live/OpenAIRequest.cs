// The package marks a few members as experimental, among them the seed; what they send is stable in the service.
#pragma warning disable OPENAI001, SCME0001

using System.Text;
using System.Text.Json;
using ConsoleReplay.Traffic;
using Microsoft.Extensions.AI;
using OpenAI.Chat;
using ChatMessage = Microsoft.Extensions.AI.ChatMessage;

namespace ConsoleReplay.Live;

/// <summary>Turns a request of Microsoft.Extensions.AI into one of the OpenAI package.</summary>
internal static class OpenAIRequest
{
    private static readonly ChatRole Developer = new("developer");

    public static List<OpenAI.Chat.ChatMessage> Messages(IEnumerable<ChatMessage> messages, ChatOptions? options)
    {
        var result = new List<OpenAI.Chat.ChatMessage>();
        if (!string.IsNullOrWhiteSpace(options?.Instructions))
            result.Add(new SystemChatMessage(options.Instructions));

        foreach (var message in messages)
        {
            if (message.Role == ChatRole.System)
                result.Add(new SystemChatMessage(Parts(message)) { ParticipantName = message.AuthorName });
            else if (message.Role == Developer)
                result.Add(new DeveloperChatMessage(Parts(message)) { ParticipantName = message.AuthorName });
            else if (message.Role == ChatRole.Tool)
                result.AddRange(message.Contents.OfType<FunctionResultContent>().Select(ToolResult));
            else if (message.Role == ChatRole.Assistant)
                result.Add(Assistant(message));
            else
                result.Add(new UserChatMessage(Parts(message)) { ParticipantName = message.AuthorName });
        }

        return result;
    }

    /// <param name="client">The client that is asked, for the app's own factory.</param>
    /// <param name="options">The app's options.</param>
    /// <param name="olderServer">Whether to name the limit on output tokens in its former way as well.</param>
    public static ChatCompletionOptions Options(IChatClient client, ChatOptions? options, bool olderServer)
    {
        var result =
            options?.RawRepresentationFactory is { } factory && factory(client) is ChatCompletionOptions raw
                ? raw
                : new ChatCompletionOptions();
        if (options is null)
            return result;

        result.Temperature ??= options.Temperature;
        result.TopP ??= options.TopP;
        result.FrequencyPenalty ??= options.FrequencyPenalty;
        result.PresencePenalty ??= options.PresencePenalty;
        result.MaxOutputTokenCount ??= options.MaxOutputTokens;
        foreach (var stop in options.StopSequences ?? [])
            result.StopSequences.Add(stop);

        foreach (var function in (options.Tools ?? []).OfType<AIFunctionDeclaration>())
        {
            var strict = function.AdditionalProperties.TryGetValue("strict", out var flag) ? flag as bool? : null;
            result.Tools.Add(
                ChatTool.CreateFunctionTool(
                    function.Name,
                    function.Description,
                    BinaryData.FromString(function.JsonSchema.GetRawText()),
                    strict
                )
            );
        }

        if (result.Tools.Count > 0)
        {
            result.AllowParallelToolCalls ??= options.AllowMultipleToolCalls;
            result.ToolChoice ??= options.ToolMode switch
            {
                NoneChatToolMode => ChatToolChoice.CreateNoneChoice(),
                AutoChatToolMode => ChatToolChoice.CreateAutoChoice(),
                RequiredChatToolMode { RequiredFunctionName: { } name } => ChatToolChoice.CreateFunctionChoice(name),
                RequiredChatToolMode => ChatToolChoice.CreateRequiredChoice(),
                _ => null,
            };
        }

        result.ResponseFormat ??= options.ResponseFormat switch
        {
            ChatResponseFormatText => OpenAI.Chat.ChatResponseFormat.CreateTextFormat(),
            ChatResponseFormatJson { Schema: { } schema } json => OpenAI.Chat.ChatResponseFormat.CreateJsonSchemaFormat(
                json.SchemaName ?? "answer",
                BinaryData.FromString(schema.GetRawText()),
                json.SchemaDescription
            ),
            ChatResponseFormatJson => OpenAI.Chat.ChatResponseFormat.CreateJsonObjectFormat(),
            _ => null,
        };

        result.Seed ??= options.Seed;
        result.ReasoningEffortLevel ??= options.Reasoning?.Effort switch
        {
            ReasoningEffort.None => ChatReasoningEffortLevel.None,
            ReasoningEffort.Low => ChatReasoningEffortLevel.Low,
            ReasoningEffort.Medium => ChatReasoningEffortLevel.Medium,
            ReasoningEffort.High => ChatReasoningEffortLevel.High,
            ReasoningEffort.ExtraHigh => ChatReasoningEffortLevel.ExtraHigh,
            // Not null: the package would turn that into a level made of a null text.
            _ => default(ChatReasoningEffortLevel?),
        };

        // vLLM, llama.cpp and Ollama know more fields than the package, and some of them only the former name of the limit.
        if (olderServer && result.MaxOutputTokenCount is { } limit)
            result.Patch.Set("$.max_tokens"u8, limit);
        if (olderServer && options.TopK is { } topK)
            result.Patch.Set("$.top_k"u8, topK);
        foreach (var (name, value) in options.AdditionalProperties ?? [])
        {
            // Fields that a log has and ChatOptions has not (see ChatRequestParser) go out as they came in.
            if (value is JsonElement field && name.All(character => char.IsAsciiLetterOrDigit(character) || character == '_'))
                result.Patch.Set(Encoding.UTF8.GetBytes($"$.{name}"), BinaryData.FromString(field.GetRawText()));
        }

        return result;
    }

    private static ToolChatMessage ToolResult(FunctionResultContent result) =>
        new(result.CallId, result.Result as string ?? (result.Result is null ? "" : Json.Write(result.Result)));

    private static AssistantChatMessage Assistant(ChatMessage message)
    {
        var calls = message
            .Contents.OfType<FunctionCallContent>()
            .Select(call =>
                ChatToolCall.CreateFunctionToolCall(call.CallId, call.Name, BinaryData.FromString(Json.WriteArguments(call.Arguments)))
            )
            .ToList();
        // Only text can be sent back: the service refuses other parts, and reasoning, in an assistant's message.
        var text = message.Contents.OfType<TextContent>().Select(content => ChatMessageContentPart.CreateTextPart(content.Text)).ToList();

        AssistantChatMessage result;
        if (calls.Count == 0)
        {
            result = text.Count > 0 ? new AssistantChatMessage(text) : new AssistantChatMessage("");
        }
        else
        {
            result = new AssistantChatMessage(calls);
            foreach (var part in text)
                result.Content.Add(part);
        }

        result.ParticipantName = message.AuthorName;
        return result;
    }

    private static List<ChatMessageContentPart> Parts(ChatMessage message)
    {
        var parts = new List<ChatMessageContentPart>();
        foreach (var content in message.Contents)
        {
            if (Part(content) is { } part)
                parts.Add(part);
        }

        if (parts.Count == 0)
            parts.Add(ChatMessageContentPart.CreateTextPart(""));
        return parts;
    }

    private static ChatMessageContentPart? Part(AIContent content)
    {
        switch (content)
        {
            case TextContent text:
                return ChatMessageContentPart.CreateTextPart(text.Text);
            case UriContent uri when uri.HasTopLevelMediaType("image"):
                return ChatMessageContentPart.CreateImagePart(uri.Uri, Detail(uri));
            case DataContent data when data.HasTopLevelMediaType("image"):
                return ChatMessageContentPart.CreateImagePart(BinaryData.FromBytes(data.Data), data.MediaType, Detail(data));
            case DataContent data when data.HasTopLevelMediaType("audio"):
                var format = data.MediaType.EndsWith("wav", StringComparison.Ordinal) ? ChatInputAudioFormat.Wav : ChatInputAudioFormat.Mp3;
                return ChatMessageContentPart.CreateInputAudioPart(BinaryData.FromBytes(data.Data), format);
            case DataContent data:
                return ChatMessageContentPart.CreateFilePart(BinaryData.FromBytes(data.Data), data.MediaType, data.Name ?? "file");
            case HostedFileContent file:
                return ChatMessageContentPart.CreateFilePart(file.FileId);
            default:
                return null;
        }
    }

    private static ChatImageDetailLevel? Detail(AIContent image) =>
        image.AdditionalProperties?.TryGetValue("detail", out var detail) == true && detail is string level
            ? new ChatImageDetailLevel(level)
            : default(ChatImageDetailLevel?);
}
