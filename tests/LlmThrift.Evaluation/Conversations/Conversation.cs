using System.Globalization;
using System.Text.Json;
using Microsoft.Extensions.AI;

namespace LlmThrift.Evaluation.Conversations;

/// <summary>A conversation with questions about it, and where in it the evidence for their answers is.</summary>
internal sealed record Conversation(string Id, ChatMessage[] Turns, Conversation.Question[] Questions)
{
    public sealed record Question(string Text, int[] Evidence);

    private static readonly HashSet<string> Roles = new(
        ["user", "human", "assistant", "ai", "bot", "system", "model"],
        StringComparer.OrdinalIgnoreCase
    );

    /// <summary>Reads lines of <c>{"id","turns":[{"id","session","time","speaker","text"}],"questions":[{"question","evidence":[turn ids]}]}</c>.</summary>
    /// <exception cref="InvalidDataException">A line is not of this form; the message says which.</exception>
    public static List<Conversation> ReadAll(FileInfo file) => JsonLines.Read(file, "a conversation", Read);

    private static Conversation Read(JsonElement json)
    {
        var places = new Dictionary<string, int>(StringComparer.Ordinal);
        var turns = new List<ChatMessage>();
        string? first = null;
        foreach (var turn in json.GetProperty("turns").EnumerateArray())
        {
            places[TextOf(turn.GetProperty("id"))] = turns.Count;
            var speaker = turn.TryGetProperty("speaker", out var named) ? named.GetString() ?? "" : "";
            first ??= speaker;
            turns.Add(
                new ChatMessage(RoleOf(speaker, first), turn.GetProperty("text").GetString())
                {
                    AuthorName = speaker.Length == 0 || Roles.Contains(speaker) ? null : speaker,
                    CreatedAt = turn.TryGetProperty("time", out var time) ? TimeOf(time.GetString()) : null,
                }
            );
        }

        var questions = json.GetProperty("questions")
            .EnumerateArray()
            .Select(question => new Question(
                question.GetProperty("question").GetString()!,
                [
                    .. question
                        .GetProperty("evidence")
                        .EnumerateArray()
                        .Select(id => places.GetValueOrDefault(TextOf(id), -1))
                        .Where(place => place >= 0)
                        .Distinct(),
                ]
            ))
            .Where(question => question.Evidence.Length > 0);
        return new Conversation(TextOf(json.GetProperty("id")), [.. turns], [.. questions]);
    }

    private static string TextOf(JsonElement id) => id.ValueKind == JsonValueKind.String ? id.GetString()! : id.GetRawText();

    private static ChatRole RoleOf(string speaker, string first) =>
        speaker.ToUpperInvariant() switch
        {
            "SYSTEM" => ChatRole.System,
            "ASSISTANT" or "AI" or "BOT" or "MODEL" => ChatRole.Assistant,
            "USER" or "HUMAN" => ChatRole.User,
            _ => speaker == first ? ChatRole.User : ChatRole.Assistant,
        };

    private static DateTimeOffset? TimeOf(string? text)
    {
        const DateTimeStyles Styles = DateTimeStyles.AssumeUniversal | DateTimeStyles.AllowWhiteSpaces;
        return
            DateTimeOffset.TryParseExact(text, "h:mm tt 'on' d MMMM, yyyy", CultureInfo.InvariantCulture, Styles, out var time)
            || DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, Styles, out time)
            ? time
            : null;
    }
}
