using System.Text;

namespace LlmThrift.ContextTrimming;

/// <summary>Shortens long results of tools, JSON and code, and says in their place what was left out. What is valid JSON stays so.</summary>
internal static class Shortener
{
    private const string Fence = "```";

    /// <summary>Shortens the result of a tool, whatever it is; null when that does not make it shorter.</summary>
    public static string? Result(string text, int maxCharacters) =>
        text.Length <= maxCharacters ? null : Shorter(JsonShortener.TryShorten(text, maxCharacters) ?? Lines(text, maxCharacters), text);

    /// <summary>Shortens JSON and the code blocks of a message; prose stays as it is. Null when there is nothing to shorten.</summary>
    public static string? Message(string text, int maxCharacters) =>
        text.Length <= maxCharacters
            ? null
            : Shorter(JsonShortener.TryShorten(text, maxCharacters) ?? CodeBlocks(text, maxCharacters), text);

    private static string? Shorter(string? shortened, string text) => shortened?.Length < text.Length ? shortened : null;

    /// <summary>The first lines and the last, the first having two thirds of the room.</summary>
    private static string? Lines(ReadOnlySpan<char> text, int maxCharacters)
    {
        var head = CutAfterLine(text, maxCharacters * 2 / 3);
        var tail = CutBeforeLine(text, text.Length - (maxCharacters / 3));
        if (tail <= head)
        {
            return null;
        }

        var lines = text[head..tail].Count('\n');
        var what = lines > 1 ? $"{lines} lines" : $"{tail - head} characters";
        var lineEnd = head > 0 && text[head - 1] == '\n' ? "" : "\n";
        return $"{text[..head]}{lineEnd}[… {what} left out …]\n{text[tail..]}";
    }

    private static int CutAfterLine(ReadOnlySpan<char> text, int most)
    {
        var line = text[..most].LastIndexOf('\n') + 1;
        return OffSurrogates(text, line > most / 2 ? line : most);
    }

    private static int CutBeforeLine(ReadOnlySpan<char> text, int least)
    {
        var line = text[least..].IndexOf('\n') + 1;
        return OffSurrogates(text, line > 0 && line < (text.Length - least) / 2 ? least + line : least);
    }

    /// <summary>Never between the halves of a character.</summary>
    private static int OffSurrogates(ReadOnlySpan<char> text, int cut) =>
        cut > 0 && cut < text.Length && char.IsLowSurrogate(text[cut]) ? cut - 1 : cut;

    private static string? CodeBlocks(string text, int maxCharacters)
    {
        var result = new StringBuilder();
        var position = 0;
        var isShortened = false;
        while (true)
        {
            var open = text.IndexOf(Fence, position, StringComparison.Ordinal);
            var codeStart = open < 0 ? -1 : text.IndexOf('\n', open) + 1;
            var close = codeStart <= 0 ? -1 : text.IndexOf(Fence, codeStart, StringComparison.Ordinal);
            if (close < 0)
            {
                break;
            }

            var code = text[codeStart..close];
            var shorter = code.Length > maxCharacters / 2 ? Shorter(Lines(code, maxCharacters / 2), code) : null;
            isShortened |= shorter is not null;
            result.Append(text, position, codeStart - position).Append(shorter ?? code).Append(Fence);
            position = close + Fence.Length;
        }

        return isShortened ? result.Append(text, position, text.Length - position).ToString() : null;
    }
}
