using System.Text;

namespace LlmThrift.Internal;

/// <summary>What two texts are compared by.</summary>
internal static class AnswerText
{
    /// <summary>Whether the texts are equal but for upper and lower case and white space.</summary>
    public static bool AreEqual(string a, string b) =>
        string.Equals(a, b, StringComparison.Ordinal) || string.Equals(Normalize(a), Normalize(b), StringComparison.OrdinalIgnoreCase);

    /// <summary>Whether the texts hold the same numbers, each as often as in the other, in any order.</summary>
    public static bool HaveSameNumbers(string a, string b)
    {
        var (left, right) = (NumbersIn(a), NumbersIn(b));
        left.Sort(StringComparer.Ordinal);
        right.Sort(StringComparer.Ordinal);
        return left.SequenceEqual(right);
    }

    private static string Normalize(string text)
    {
        var normalized = new StringBuilder(text.Length);
        foreach (var word in text.AsSpan().SplitAny(" \t\r\n\u00a0"))
        {
            if (word.Start.Value == word.End.Value)
            {
                continue;
            }

            if (normalized.Length > 0)
            {
                normalized.Append(' ');
            }

            normalized.Append(text.AsSpan()[word]);
        }

        return normalized.ToString();
    }

    /// <summary>Runs of digits. A point or comma between digits belongs to the number, a comma that groups thousands does not count: 1,000 is 1000.</summary>
    private static List<string> NumbersIn(string text)
    {
        var numbers = new List<string>();
        for (var index = 0; index < text.Length; index++)
        {
            if (!char.IsDigit(text[index]))
            {
                continue;
            }

            var number = new StringBuilder();
            for (; index < text.Length; index++)
            {
                var isInside = text[index] is '.' or ',' && index + 1 < text.Length && char.IsDigit(text[index + 1]);
                if (!char.IsDigit(text[index]) && !isInside)
                {
                    break;
                }

                if (text[index] != ',')
                {
                    number.Append(text[index]);
                }
            }

            numbers.Add(number.ToString());
        }

        return numbers;
    }
}
