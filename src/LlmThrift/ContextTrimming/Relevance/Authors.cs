namespace LlmThrift.ContextTrimming;

/// <summary>Finds whether a question names the one who wrote a message.</summary>
internal static class Authors
{
    /// <summary>What a share of the name in the question is worth, in standard deviations.</summary>
    private const double Worth = 3;

    private const int MaxLength = 40;
    private const int MinMessages = 3;

    /// <summary>Adds to the scores of blocks whose author the question names.</summary>
    /// <param name="question">What is asked.</param>
    /// <param name="names">The author of each block, if it is said; null where not.</param>
    /// <param name="texts">Of each block: where no author is said, a beginning such as "Maria: " that comes back is one.</param>
    /// <param name="scores">Changed.</param>
    public static void AddTo(string question, ReadOnlySpan<string?> names, ReadOnlySpan<string> texts, Span<double> scores)
    {
        var words = new HashSet<string>(WordsOf(question), StringComparer.OrdinalIgnoreCase);
        var prefixes = new Dictionary<string, int>(StringComparer.OrdinalIgnoreCase);
        var worths = new Dictionary<string, double>(StringComparer.OrdinalIgnoreCase);
        var authors = new string?[texts.Length];
        for (var i = 0; i < texts.Length; i++)
        {
            authors[i] = names[i];
            if (names[i] is null && PrefixOf(texts[i]) is { } prefix)
            {
                authors[i] = prefix;
                prefixes[prefix] = prefixes.GetValueOrDefault(prefix) + 1;
            }
        }

        for (var i = 0; i < authors.Length; i++)
        {
            if (authors[i] is { } author && (names[i] is not null || prefixes[author] >= MinMessages))
            {
                if (!worths.TryGetValue(author, out var worth))
                {
                    worths[author] = worth = Worth * ShareIn(words, author);
                }

                scores[i] += worth;
            }
        }
    }

    private static double ShareIn(HashSet<string> words, string author)
    {
        var parts = WordsOf(author).ToList();
        return parts.Count == 0 ? 0 : (double)parts.Count(words.Contains) / parts.Count;
    }

    private static string? PrefixOf(string text)
    {
        var end = text.AsSpan(0, Math.Min(text.Length, MaxLength)).IndexOf(": ");
        if (end <= 0)
        {
            return null;
        }

        foreach (var character in text.AsSpan(0, end))
        {
            if (!char.IsLetterOrDigit(character) && character is not (' ' or '-' or '\'' or '.'))
            {
                return null;
            }
        }

        return text[..end];
    }

    private static IEnumerable<string> WordsOf(string text)
    {
        var start = -1;
        for (var i = 0; i <= text.Length; i++)
        {
            var isLetter = i < text.Length && char.IsLetterOrDigit(text[i]);
            if (isLetter && start < 0)
            {
                start = i;
            }
            else if (!isLetter && start >= 0)
            {
                yield return text[start..i];
                start = -1;
            }
        }
    }
}
