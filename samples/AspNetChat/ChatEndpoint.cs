using System.Text.Json;
using LlmThrift.Metering;
using Microsoft.Extensions.AI;

namespace AspNetChat;

/// <summary>Answers as a stream of lines of JSON: pieces of text, then what the answer cost.</summary>
internal static class ChatEndpoint
{
    private const int MaxMessages = 40;
    private const int MaxLength = 4_000;

    public static async Task<IResult> AnswerAsync(ChatQuestion question, IChatClient client, HttpContext context)
    {
        if (
            question.Messages is not { Count: > 0 and <= MaxMessages }
            || question.Messages.Any(message => string.IsNullOrWhiteSpace(message.Text) || message.Text.Length > MaxLength)
        )
        {
            return Results.BadRequest();
        }

        List<ChatMessage> messages = [new(ChatRole.System, SupportData.SystemPrompt)];
        messages.AddRange(
            question.Messages.Select(message => new ChatMessage(message.IsAnswer ? ChatRole.Assistant : ChatRole.User, message.Text))
        );
        var stopped = context.RequestAborted;
        await using var updates = client
            .GetStreamingResponseAsync(messages, new ChatOptions { ModelId = "gpt-4o" }, stopped)
            .GetAsyncEnumerator(stopped);

        // Read up to the first piece before the response begins: a call that does not fit into a budget is refused here, and answered with 429.
        var hasNext = await updates.MoveNextAsync();
        var response = context.Response;
        response.ContentType = "application/x-ndjson";
        response.Headers.CacheControl = "no-store";
        for (; hasNext; hasNext = await updates.MoveNextAsync())
        {
            if (updates.Current.Text is { Length: > 0 } text)
            {
                await WriteAsync(response, new ChatPiece { Text = text });
            }

            if (updates.Current.GetCallRecord() is { } record)
            {
                await WriteAsync(
                    response,
                    new ChatPiece
                    {
                        Cost = record.ActualCost,
                        Saving = record.Saving,
                        ServedBy = record.ServedBy ?? record.Model,
                    }
                );
            }
        }

        return Results.Empty;
    }

    private static async Task WriteAsync(HttpResponse response, ChatPiece piece)
    {
        await response.WriteAsync(JsonSerializer.Serialize(piece, JsonSerializerOptions.Web) + "\n");
        await response.Body.FlushAsync();
    }
}

internal sealed record ChatQuestion(IReadOnlyList<ChatLine>? Messages);

internal sealed record ChatLine(string Text, bool IsAnswer);

internal sealed record ChatPiece
{
    public string? Text { get; init; }

    public decimal? Cost { get; init; }

    public decimal? Saving { get; init; }

    public string? ServedBy { get; init; }
}
