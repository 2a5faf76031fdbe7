using System.Text.RegularExpressions;

namespace LlmThrift.Routing;

/// <summary>What an answer comes to: its last number, or its last line where it has none.</summary>
internal static partial class FinalAnswer
{
    public static string Of(string text)
    {
        var number = Number().Match(text);
        if (number.Success)
        {
            return number.Value.Replace(",", "", StringComparison.Ordinal).TrimEnd('.');
        }

        var lines = text.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        return lines.Length == 0 ? "" : NoWord().Replace(lines[^1], " ").Trim().ToUpperInvariant();
    }

    [GeneratedRegex(@"-?\d[\d,]*(?:\.\d+)?", RegexOptions.CultureInvariant | RegexOptions.RightToLeft, matchTimeoutMilliseconds: 1_000)]
    private static partial Regex Number();

    [GeneratedRegex(@"[^\p{L}\p{N}]+", RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 1_000)]
    private static partial Regex NoWord();
}
