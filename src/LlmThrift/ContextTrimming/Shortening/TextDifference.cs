using System.Text;

namespace LlmThrift.ContextTrimming;

/// <summary>
/// Says a text by what it has in common with another: the places where it differs, and what stands there. Nothing of the text is lost, as the other is read
/// along with it.
/// </summary>
internal static class TextDifference
{
    /// <summary>Fewer lines than these are taken apart further.</summary>
    private const int FewLines = 4;

    private const int MaxSegments = 4_000;

    /// <summary>Where the middles of two texts are larger than this together, they are taken to have nothing in common.</summary>
    private const int MaxCells = 250_000;

    /// <summary>The text in pieces that together are the text: lines, or else sentences, or the members of JSON in one line; null for too many.</summary>
    public static string[]? Split(string text)
    {
        var lines = text.AsSpan().Count('\n');
        var isJson = lines < FewLines && text.AsSpan().TrimStart() is ['{' or '[', ..];
        var segments = new List<string>();
        var start = 0;
        for (var i = 0; i < text.Length; i++)
        {
            var ends =
                text[i] == '\n'
                || (
                    lines < FewLines
                    && (isJson ? text[i] == ',' : text[i] is '。' or '！' or '？' || (IsSpace(text, i) && IsEnd(text, i - 1)))
                );
            if (ends)
            {
                segments.Add(text[start..(i + 1)]);
                start = i + 1;
            }
        }

        if (start < text.Length)
        {
            segments.Add(text[start..]);
        }

        return segments.Count > MaxSegments ? null : [.. segments];
    }

    /// <summary>How <paramref name="other"/> has to be changed to become <paramref name="text"/>; null when that is not shorter than <paramref name="limit"/>.</summary>
    public static string? Describe(ReadOnlySpan<string> other, ReadOnlySpan<string> text, int limit)
    {
        var before = 0;
        while (before < other.Length && before < text.Length && other[before] == text[before])
        {
            before++;
        }

        var after = 0;
        while (after < other.Length - before && after < text.Length - before && other[^(after + 1)] == text[^(after + 1)])
        {
            after++;
        }

        var gone = other[before..^after];
        var come = text[before..^after];
        var description = new StringBuilder();
        if ((long)gone.Length * come.Length > MaxCells)
        {
            Append(description, before, gone, come);
        }
        else
        {
            AppendByCommon(description, before, gone, come);
        }

        return description.Length < limit ? description.ToString() : null;
    }

    /// <summary>By the longest common subsequence.</summary>
    private static void AppendByCommon(StringBuilder description, int offset, ReadOnlySpan<string> gone, ReadOnlySpan<string> come)
    {
        // By position: the length of the longest common rest.
        var width = come.Length + 1;
        var rest = new int[(gone.Length + 1) * width];
        for (var i = gone.Length - 1; i >= 0; i--)
        {
            for (var j = come.Length - 1; j >= 0; j--)
            {
                rest[(i * width) + j] =
                    gone[i] == come[j]
                        ? rest[((i + 1) * width) + j + 1] + 1
                        : Math.Max(rest[((i + 1) * width) + j], rest[(i * width) + j + 1]);
            }
        }

        var (g, c) = (0, 0);
        while (g < gone.Length || c < come.Length)
        {
            var (firstGone, firstCome) = (g, c);
            while ((g < gone.Length || c < come.Length) && !(g < gone.Length && c < come.Length && gone[g] == come[c]))
            {
                if (c == come.Length || (g < gone.Length && rest[((g + 1) * width) + c] >= rest[(g * width) + c + 1]))
                {
                    g++;
                }
                else
                {
                    c++;
                }
            }

            Append(description, offset + firstGone, gone[firstGone..g], come[firstCome..c]);
            (g, c) = (g + 1, c + 1);
        }
    }

    private static void Append(StringBuilder description, int place, ReadOnlySpan<string> gone, ReadOnlySpan<string> come)
    {
        if (gone.IsEmpty && come.IsEmpty)
        {
            return;
        }

        description.Append("\n@@ ").Append(place + 1).Append(" @@");
        foreach (var segment in gone)
        {
            description.Append("\n-").Append(segment.AsSpan().TrimEnd());
        }

        foreach (var segment in come)
        {
            description.Append("\n+").Append(segment.AsSpan().TrimEnd());
        }
    }

    private static bool IsSpace(string text, int index) => char.IsWhiteSpace(text[index]);

    private static bool IsEnd(string text, int index) => index >= 0 && text[index] is '.' or '!' or '?';
}
