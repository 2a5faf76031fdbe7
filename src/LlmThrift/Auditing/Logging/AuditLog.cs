using System.Text.Json;
using Microsoft.Extensions.AI;

namespace LlmThrift.Auditing;

/// <summary>Requests as lines of JSON: what audits are made of. Written by <c>UseAuditLog</c>, or by whatever the app logs with.</summary>
/// <remarks>
/// A line is <c>{"messages":[{"role":"user","content":"…"}],"feature":"faq","tenant":"a","id":"1"}</c>; feature, tenant and id may be missing, and <c>"prompt":"…"</c> may stand for a
/// single message of the user.
/// </remarks>
public static class AuditLog
{
    /// <summary>Reads a log, line by line.</summary>
    /// <param name="path">The file.</param>
    /// <returns>The requests; those without an id are named by their line.</returns>
    /// <exception cref="InvalidDataException">A line is not of this form; the message says which and why.</exception>
    public static IEnumerable<AuditPrompt> Read(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        var number = 0;
        foreach (var line in File.ReadLines(path))
        {
            number++;
            if (!string.IsNullOrWhiteSpace(line))
            {
                yield return Parse(line, path, number);
            }
        }
    }

    internal static byte[] ToJson(AuditPrompt prompt)
    {
        using var stream = new MemoryStream();
        using (var json = new Utf8JsonWriter(stream))
        {
            json.WriteStartObject();
            json.WriteString("id", prompt.Id);
            json.WriteStartArray("messages");
            foreach (var message in prompt.Messages)
            {
                json.WriteStartObject();
                json.WriteString("role", message.Role.Value);
                json.WriteString("content", message.Text);
                json.WriteEndObject();
            }

            json.WriteEndArray();
            if (prompt.Feature is not null)
            {
                json.WriteString("feature", prompt.Feature);
            }

            if (prompt.Tenant is not null)
            {
                json.WriteString("tenant", prompt.Tenant);
            }

            json.WriteEndObject();
        }

        stream.WriteByte((byte)'\n');
        return stream.ToArray();
    }

    private static AuditPrompt Parse(string line, string path, int number)
    {
        try
        {
            using var document = JsonDocument.Parse(line);
            var json = document.RootElement;
            var messages = new List<ChatMessage>();
            if (json.TryGetProperty("messages", out var given))
            {
                foreach (var message in given.EnumerateArray())
                {
                    messages.Add(
                        new ChatMessage(new ChatRole(message.GetProperty("role").GetString()!), message.GetProperty("content").GetString())
                    );
                }
            }
            else
            {
                messages.Add(new ChatMessage(ChatRole.User, json.GetProperty("prompt").GetString()));
            }

            return messages.Exists(message => message.Role == ChatRole.User)
                ? new AuditPrompt(TextOf(json, "id") ?? $"line-{number}", messages, TextOf(json, "feature"), TextOf(json, "tenant"))
                : throw new FormatException("There is no message of the user.");
        }
        catch (Exception exception)
            when (exception is JsonException or KeyNotFoundException or InvalidOperationException or FormatException or ArgumentException)
        {
            throw new InvalidDataException(
                $"{path}, line {number}, is no request of an audit ({exception.Message}). Write {{\"messages\":[{{\"role\":\"user\",\"content\":\"…\"}}]}} or {{\"prompt\":\"…\"}}.",
                exception
            );
        }
    }

    private static string? TextOf(JsonElement json, string name) => json.TryGetProperty(name, out var value) ? value.GetString() : null;
}
