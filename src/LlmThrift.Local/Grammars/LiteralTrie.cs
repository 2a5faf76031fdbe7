namespace LlmThrift.Local.Grammars;

/// <summary>Alternatives that are texts, with what they begin with in common written once: llama.cpp then follows one path instead of one for each.</summary>
internal static class LiteralTrie
{
    public static GrammarNode Build(IEnumerable<string> texts)
    {
        var sorted = texts.Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal).ToArray();
        return sorted.Length == 0 ? GrammarNode.Never : Build(sorted, 0);
    }

    private static GrammarNode Build(ReadOnlySpan<string> texts, int from)
    {
        // Sorted, so what the first and the last have in common all have.
        var (first, last) = (texts[0], texts[^1]);
        var to = from;
        while (to < first.Length && to < last.Length && first[to] == last[to])
        {
            to++;
        }

        if (to > from && to < last.Length && char.IsLowSurrogate(last[to]) && char.IsHighSurrogate(last[to - 1]))
        {
            to--;
        }

        var common = GrammarNode.Text(first[from..to]);
        if (texts.Length == 1)
        {
            return common;
        }

        var options = new List<GrammarNode>();
        var rest = texts;
        if (first.Length == to)
        {
            options.Add(GrammarNode.Empty);
            rest = rest[1..];
        }

        while (rest.Length > 0)
        {
            // A pair of surrogates is one character and is not torn apart.
            var width = char.IsHighSurrogate(rest[0][to]) && to + 1 < rest[0].Length ? 2 : 1;
            var head = rest[0].AsSpan(to, width);
            var count = 1;
            while (count < rest.Length && rest[count].AsSpan(to).StartsWith(head, StringComparison.Ordinal))
            {
                count++;
            }

            options.Add(Build(rest[..count], to));
            rest = rest[count..];
        }

        return GrammarNode.Join(common, GrammarNode.OneOf(options));
    }
}
