using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace LlmThrift.ContextTrimming;

/// <summary>Shortens JSON to JSON: long arrays to their first and last items, long texts to their beginning, until it is short enough.</summary>
internal static class JsonShortener
{
    private const int MaxDepth = 64;

    /// <summary>How much is kept, from much to little.</summary>
    private static readonly (int Items, int Properties, int Characters)[] Levels =
    [
        (12, 60, 600),
        (6, 40, 240),
        (3, 24, 100),
        (2, 12, 40),
        (1, 6, 20),
    ];

    /// <summary>Null when the text is not JSON, or nothing could be left out of it.</summary>
    public static string? TryShorten(string text, int maxCharacters)
    {
        var start = text.AsSpan().TrimStart();
        if (start.IsEmpty || start[0] is not ('{' or '['))
        {
            return null;
        }

        try
        {
            using var document = JsonDocument.Parse(text, new JsonDocumentOptions { MaxDepth = MaxDepth });
            var shortened = text;
            foreach (var level in Levels)
            {
                shortened = Write(document.RootElement, level);
                if (shortened.Length <= maxCharacters)
                {
                    break;
                }
            }

            return shortened;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static string Write(JsonElement root, (int Items, int Properties, int Characters) level)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(buffer, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
        {
            Write(writer, root, level);
        }

        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }

    private static void Write(Utf8JsonWriter writer, JsonElement element, (int Items, int Properties, int Characters) level)
    {
        switch (element.ValueKind)
        {
            case JsonValueKind.Object:
                WriteObject(writer, element, level);
                break;
            case JsonValueKind.Array:
                WriteArray(writer, element, level);
                break;
            case JsonValueKind.String when element.GetString() is { } text && text.Length > level.Characters:
                var cut = char.IsLowSurrogate(text[level.Characters]) ? level.Characters - 1 : level.Characters;
                writer.WriteStringValue(
                    string.Create(CultureInfo.InvariantCulture, $"{text[..cut]}… ({text.Length - cut} characters left out)")
                );
                break;
            default:
                element.WriteTo(writer);
                break;
        }
    }

    private static void WriteObject(Utf8JsonWriter writer, JsonElement element, (int Items, int Properties, int Characters) level)
    {
        writer.WriteStartObject();
        var number = 0;
        foreach (var property in element.EnumerateObject())
        {
            if (number++ < level.Properties)
            {
                writer.WritePropertyName(property.Name);
                Write(writer, property.Value, level);
            }
        }

        if (number > level.Properties)
        {
            writer.WriteString("…", string.Create(CultureInfo.InvariantCulture, $"{number - level.Properties} properties left out"));
        }

        writer.WriteEndObject();
    }

    private static void WriteArray(Utf8JsonWriter writer, JsonElement element, (int Items, int Properties, int Characters) level)
    {
        var count = element.GetArrayLength();
        var number = 0;
        writer.WriteStartArray();
        foreach (var item in element.EnumerateArray())
        {
            // The last one tells where the list ends.
            if (count <= level.Items + 1 || number < level.Items || number == count - 1)
            {
                Write(writer, item, level);
            }
            else if (number == level.Items)
            {
                writer.WriteStringValue(string.Create(CultureInfo.InvariantCulture, $"… {count - level.Items - 1} items left out"));
            }

            number++;
        }

        writer.WriteEndArray();
    }
}
