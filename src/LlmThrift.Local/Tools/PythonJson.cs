using System.Text;
using System.Text.Json;
using LlmThrift.Local.Grammars;

namespace LlmThrift.Local.Tools;

/// <summary>JSON as Python's <c>json.dumps</c> writes it, which is what chat templates call and models have seen: a space after commas and colons.</summary>
internal static class PythonJson
{
    /// <summary>On one line.</summary>
    public static string Of(JsonElement value)
    {
        var text = new StringBuilder();
        Write(text, value, 0, 0);
        return text.ToString();
    }

    /// <summary>Over several lines, each level so many spaces in.</summary>
    public static string Indented(JsonElement value, int indent)
    {
        var text = new StringBuilder();
        Write(text, value, indent, 1);
        return text.ToString();
    }

    private static void Write(StringBuilder text, JsonElement value, int indent, int level)
    {
        switch (value.ValueKind)
        {
            case JsonValueKind.Object:
                var members = value.EnumerateObject().Select(one => (JsonText.Quote(one.Name) + ": ", one.Value));
                Write(text, '{', members, '}', indent, level);
                break;
            case JsonValueKind.Array:
                Write(text, '[', value.EnumerateArray().Select(one => ("", one)), ']', indent, level);
                break;
            case JsonValueKind.String:
                text.Append(JsonText.Quote(value.GetString()!));
                break;
            default:
                text.Append(value.GetRawText());
                break;
        }
    }

    private static void Write(
        StringBuilder text,
        char open,
        IEnumerable<(string Before, JsonElement Value)> items,
        char close,
        int indent,
        int level
    )
    {
        text.Append(open);
        var isFirst = true;
        foreach (var (before, item) in items)
        {
            text.Append(
                isFirst ? ""
                : indent == 0 ? ", "
                : ","
            );
            NewLine(level);
            text.Append(before);
            Write(text, item, indent, level + 1);
            isFirst = false;
        }

        if (!isFirst)
        {
            NewLine(level - 1);
        }

        text.Append(close);

        void NewLine(int depth)
        {
            if (indent > 0)
            {
                text.Append('\n').Append(' ', indent * depth);
            }
        }
    }
}
