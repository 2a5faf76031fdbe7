using System.Globalization;
using System.Text;
using System.Text.Json;

namespace LlmThrift.Local.Grammars;

/// <summary>JSON as a model writes it: escapes only where they are needed, no white space.</summary>
internal static class JsonText
{
    public static string Quote(string text)
    {
        var json = new StringBuilder(text.Length + 2).Append('"');
        foreach (var character in text)
        {
            json.Append(Escape(character) ?? character.ToString());
        }

        return json.Append('"').ToString();
    }

    /// <summary>How a character is escaped; null if it stands as it is.</summary>
    public static string? Escape(int codePoint) =>
        codePoint switch
        {
            '"' => "\\\"",
            '\\' => "\\\\",
            '\n' => "\\n",
            '\r' => "\\r",
            '\t' => "\\t",
            '\b' => "\\b",
            '\f' => "\\f",
            < 0x20 => "\\u" + codePoint.ToString("x4", CultureInfo.InvariantCulture),
            _ => null,
        };

    /// <summary>A value without white space, its numbers as they were written.</summary>
    public static string Of(JsonElement value) =>
        value.ValueKind switch
        {
            JsonValueKind.String => Quote(value.GetString()!),
            JsonValueKind.Array => $"[{string.Join(',', value.EnumerateArray().Select(Of))}]",
            JsonValueKind.Object => $"{{{string.Join(',', value.EnumerateObject().Select(one => Quote(one.Name) + ":" + Of(one.Value)))}}}",
            _ => value.GetRawText(),
        };
}
