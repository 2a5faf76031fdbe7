namespace LlmThrift.Local.Grammars;

/// <summary>Brings the length of a node's texts within bounds by repeating its parts less often or more.</summary>
internal static class TextBounds
{
    /// <summary>What remains of a node within the bounds: some of its texts, not always all. Null if none are found.</summary>
    public static GrammarNode? Apply(GrammarNode node, int min, int max)
    {
        if (node is GrammarNode.Choice choice)
        {
            var options = choice.Options.Select(option => Apply(option, min, max)).OfType<GrammarNode>().ToArray();
            return options.Length == 0 ? null : GrammarNode.OneOf(options);
        }

        var parts = node is GrammarNode.Sequence sequence ? sequence.Parts.ToArray() : [node];
        // The part that varies most gives way first, by half of what it varies, so that no part is left without its share.
        for (
            var excess = TextLength.Of(GrammarNode.Join(parts)).Max - max;
            excess > 0 && Widest(parts) is var at and >= 0;
            excess = TextLength.Of(GrammarNode.Join(parts)).Max - max
        )
        {
            var repeat = (GrammarNode.Repeat)parts[at];
            var width = Math.Max(1, TextLength.Of(repeat.Item).Max);
            var fewer = Math.Min((excess + width - 1) / width, (repeat.Max - repeat.Min + 1) / 2);
            parts[at] = GrammarNode.Times(repeat.Item, repeat.Min, repeat.Max - (int)fewer);
        }

        for (
            var missing = min - TextLength.Of(GrammarNode.Join(parts)).Min;
            missing > 0 && Widest(parts) is var at and >= 0;
            missing = min - TextLength.Of(GrammarNode.Join(parts)).Min
        )
        {
            var repeat = (GrammarNode.Repeat)parts[at];
            var width = Math.Max(1, TextLength.Of(repeat.Item).Min);
            var more = Math.Min((missing + width - 1) / width, (repeat.Max - repeat.Min + 1) / 2);
            parts[at] = GrammarNode.Times(repeat.Item, repeat.Min + (int)more, repeat.Max);
        }

        var bounded = GrammarNode.Join(parts);
        var length = TextLength.Of(bounded);
        return length.Min >= min && length.Max <= max ? bounded : null;
    }

    /// <summary>The repetition whose length varies most; below zero if none does.</summary>
    private static int Widest(GrammarNode[] parts)
    {
        var (widest, most) = (-1, 0L);
        for (var i = 0; i < parts.Length; i++)
        {
            if (
                parts[i] is GrammarNode.Repeat repeat
                && (repeat.Max - repeat.Min) * Math.Max(1, TextLength.Of(repeat.Item).Max) is var slack
                && slack > most
            )
            {
                (widest, most) = (i, slack);
            }
        }

        return widest;
    }
}
