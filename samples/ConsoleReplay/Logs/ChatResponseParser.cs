using System.Text.Json;
using ConsoleReplay.Recorded;
using ConsoleReplay.Traffic;
using Microsoft.Extensions.AI;

namespace ConsoleReplay.Logs;

/// <summary>Reads a recorded answer: a <c>chat.completion</c> object, or its text alone.</summary>
internal static class ChatResponseParser
{
    /// <param name="response">The response.</param>
    /// <param name="usage">The usage that the log has beside the response; that of the response goes first.</param>
    public static RecordedAnswer Parse(JsonElement response, JsonElement? usage)
    {
        if (response.ValueKind == JsonValueKind.String)
            return Answer(new ChatMessage(ChatRole.Assistant, response.GetString()), null, usage, null);

        if (
            response.ValueKind != JsonValueKind.Object
            || response.ArrayField("choices", "response.choices") is not { } choices
            || choices.GetArrayLength() == 0
        )
            throw new TrafficFormatException(
                "\"response\" has no \"choices\"; it is a chat completion as the service returned it, or its text"
            );

        var choice = choices[0];
        var recorded =
            choice.ObjectField("message", "response.choices[0].message")
            ?? throw new TrafficFormatException("\"response.choices[0].message\" is missing");
        var message = new ChatMessage { Role = ChatRole.Assistant };
        if (recorded.TextField("content", "response.choices[0].message.content") is { Length: > 0 } text)
            message.Contents.Add(new TextContent(text));
        if (recorded.TextField("refusal", "response.choices[0].message.refusal") is { Length: > 0 } refusal)
            message.Contents.Add(new ErrorContent(refusal) { ErrorCode = "refusal" });
        ChatRequestParser.ReadToolCalls(recorded, "response.choices[0].message", message.Contents);

        return Answer(
            message,
            choice.TextField("finish_reason"),
            response.ObjectField("usage", "response.usage") ?? usage,
            response.TextField("model", "response.model")
        );
    }

    /// <summary>An answer of which only the usage is known.</summary>
    public static RecordedAnswer? FromUsage(JsonElement usage) =>
        ReadUsage(usage) is { OutputTokenCount: { } output } details
            ? new RecordedAnswer
            {
                Message = SyntheticAnswer.OfLength((int)Math.Min(output, int.MaxValue)),
                Usage = details,
                IsSynthetic = true,
            }
            : null;

    private static RecordedAnswer Answer(ChatMessage message, string? finishReason, JsonElement? usage, string? modelId) =>
        new()
        {
            Message = message,
            FinishReason = finishReason switch
            {
                null or "" => message.Contents.OfType<FunctionCallContent>().Any() ? ChatFinishReason.ToolCalls : ChatFinishReason.Stop,
                "function_call" => ChatFinishReason.ToolCalls,
                _ => new ChatFinishReason(finishReason),
            },
            Usage = usage is { } reported ? ReadUsage(reported) : null,
            ModelId = modelId,
        };

    private static UsageDetails? ReadUsage(JsonElement usage)
    {
        var input = usage.WholeField("prompt_tokens");
        var output = usage.WholeField("completion_tokens");
        if (input is null || output is null)
            return null;

        var prompt = usage.ObjectField("prompt_tokens_details") ?? default;
        var completion = usage.ObjectField("completion_tokens_details") ?? default;
        return ProviderUsage.Create(
            input.Value,
            output.Value,
            usage.WholeField("total_tokens") ?? (input + output).Value,
            prompt.WholeField("cached_tokens"),
            completion.WholeField("reasoning_tokens"),
            prompt.WholeField("audio_tokens"),
            completion.WholeField("audio_tokens")
        );
    }
}
