using System.Buffers;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text.Json;
using Microsoft.Extensions.AI;

namespace LlmThrift.Internal.Caching;

/// <summary>
/// The stored form of a recorded answer: four bytes of name, one of version, eight of SHA-256 over the rest, then JSON.
/// Whatever does not read back exactly, because it is damaged or of another version, is a miss.
/// </summary>
internal static class ResponsePayload
{
    public const byte Version = 1;

    private const int ChecksumOffset = 5;
    private const int BodyOffset = 13;

    private static ReadOnlySpan<byte> Name => "LTXR"u8;

    public static byte[] Write(RecordedResponse response)
    {
        var buffer = new ArrayBufferWriter<byte>(1024);
        Name.CopyTo(buffer.GetSpan(BodyOffset));
        buffer.Advance(BodyOffset);
        using (var json = new Utf8JsonWriter(buffer))
        {
            WriteBody(json, response);
        }

        var payload = buffer.WrittenSpan.ToArray();
        payload[4] = Version;
        Checksum(payload).CopyTo(payload.AsSpan(ChecksumOffset));
        return payload;
    }

    public static RecordedResponse? TryRead(ReadOnlySpan<byte> payload)
    {
        if (
            payload.Length <= BodyOffset
            || !payload.StartsWith(Name)
            || payload[4] != Version
            || !payload.Slice(ChecksumOffset, 8).SequenceEqual(Checksum(payload))
        )
        {
            return null;
        }

        try
        {
            var reader = new Utf8JsonReader(payload[BodyOffset..]);
            using var document = JsonDocument.ParseValue(ref reader);
            return ReadBody(document.RootElement);
        }
        catch (Exception exception)
            when (exception is JsonException or InvalidOperationException or KeyNotFoundException or FormatException or ArgumentException)
        {
            return null;
        }
    }

    private static ReadOnlySpan<byte> Checksum(ReadOnlySpan<byte> payload) => SHA256.HashData(payload[BodyOffset..]).AsSpan(0, 8);

    private static void WriteBody(Utf8JsonWriter json, RecordedResponse response)
    {
        json.WriteStartObject();
        WriteText(json, "responseId", response.ResponseId);
        WriteText(json, "model", response.ModelId);
        WriteText(json, "finish", response.FinishReason?.Value);
        WriteText(json, "provider", response.Provider);
        WriteText(json, "pricedModel", response.PricedModel);
        json.WriteString("requestedAt", response.RequestedAt);
        if (response.CreatedAt is { } createdAt)
        {
            json.WriteString("createdAt", createdAt);
        }

        json.WriteBoolean("estimated", response.IsUsageEstimated);
        json.WritePropertyName("usage");
        TokenUsageJson.Write(json, response.Usage);
        json.WriteStartArray("tags");
        foreach (var tag in response.Tags)
        {
            json.WriteStringValue(tag);
        }

        json.WriteEndArray();
        json.WriteStartObject("properties");
        foreach (var (name, value) in response.Properties)
        {
            json.WritePropertyName(name);
            WriteValue(json, value);
        }

        json.WriteEndObject();
        json.WriteStartArray("messages");
        foreach (var message in response.Messages)
        {
            WriteMessage(json, message);
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static void WriteMessage(Utf8JsonWriter json, RecordedMessage message)
    {
        json.WriteStartObject();
        json.WriteString("role", message.Role.Value);
        WriteText(json, "author", message.AuthorName);
        WriteText(json, "id", message.MessageId);
        json.WriteStartArray("contents");
        foreach (var content in message.Contents)
        {
            json.WriteStartObject();
            json.WriteNumber("kind", (int)content.Kind);
            if (content.Json is { } raw)
            {
                json.WritePropertyName("json");
                json.WriteRawValue(raw);
            }
            else
            {
                json.WriteString("text", content.Text);
                WriteText(json, "protected", content.ProtectedData);
                if (content.ChunkEnds is { } ends)
                {
                    json.WriteStartArray("ends");
                    foreach (var end in ends)
                    {
                        json.WriteNumberValue(end);
                    }

                    json.WriteEndArray();
                }
            }

            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static void WriteText(Utf8JsonWriter json, string name, string? value)
    {
        if (value is not null)
        {
            json.WriteString(name, value);
        }
    }

    private static void WriteValue(Utf8JsonWriter json, object? value)
    {
        switch (value)
        {
            case string text:
                json.WriteStringValue(text);
                break;
            case bool flag:
                json.WriteBooleanValue(flag);
                break;
            case int number:
                json.WriteNumberValue(number);
                break;
            case long number:
                json.WriteNumberValue(number);
                break;
            case double number when double.IsFinite(number):
                json.WriteNumberValue(number);
                break;
            case JsonElement element:
                element.WriteTo(json);
                break;
            default:
                json.WriteNullValue();
                break;
        }
    }

    private static RecordedResponse ReadBody(JsonElement body) =>
        new()
        {
            ResponseId = Text(body, "responseId"),
            ModelId = Text(body, "model"),
            FinishReason = Text(body, "finish") is { } finish ? new ChatFinishReason(finish) : null,
            Provider = Text(body, "provider"),
            PricedModel = Text(body, "pricedModel"),
            RequestedAt = body.GetProperty("requestedAt").GetDateTimeOffset(),
            CreatedAt = body.TryGetProperty("createdAt", out var createdAt) ? createdAt.GetDateTimeOffset() : null,
            IsUsageEstimated = body.GetProperty("estimated").GetBoolean(),
            Usage = TokenUsageJson.Read(body.GetProperty("usage")),
            Tags = [.. body.GetProperty("tags").EnumerateArray().Select(tag => tag.GetString()!)],
            Properties =
            [
                .. body.GetProperty("properties")
                    .EnumerateObject()
                    .Select(property => new KeyValuePair<string, object?>(property.Name, ReadValue(property.Value))),
            ],
            Messages = [.. body.GetProperty("messages").EnumerateArray().Select(ReadMessage)],
        };

    private static RecordedMessage ReadMessage(JsonElement message) =>
        new(
            new ChatRole(message.GetProperty("role").GetString()!),
            Text(message, "author"),
            Text(message, "id"),
            [.. message.GetProperty("contents").EnumerateArray().Select(ReadContent)]
        );

    private static RecordedContent ReadContent(JsonElement content)
    {
        var kind = (RecordedContentKind)content.GetProperty("kind").GetInt32();
        if (kind == RecordedContentKind.Json)
        {
            return RecordedContent.OfJson(JsonMarshal.GetRawUtf8Value(content.GetProperty("json")).ToArray());
        }

        var text = content.GetProperty("text").GetString()!;
        int[]? ends = content.TryGetProperty("ends", out var array) ? [.. array.EnumerateArray().Select(end => end.GetInt32())] : null;
        return kind switch
        {
            RecordedContentKind.Text => RecordedContent.OfText(text, ends),
            RecordedContentKind.Reasoning => RecordedContent.OfReasoning(text, Text(content, "protected"), ends),
            _ => throw new JsonException("Unknown kind of content."),
        };
    }

    private static object? ReadValue(JsonElement value) =>
        value.ValueKind switch
        {
            JsonValueKind.String => value.GetString(),
            JsonValueKind.True => true,
            JsonValueKind.False => false,
            JsonValueKind.Number when value.TryGetInt64(out var number) => number,
            JsonValueKind.Number => value.GetDouble(),
            JsonValueKind.Null => null,
            _ => value.Clone(),
        };

    private static string? Text(JsonElement parent, string name) => parent.TryGetProperty(name, out var value) ? value.GetString() : null;
}
