namespace LlmThrift.Local.Grammars;

/// <summary>How long the texts of a node are, in characters. For nodes that name no rules.</summary>
/// <param name="Min">The shortest.</param>
/// <param name="Max">The longest.</param>
internal readonly record struct TextLength(long Min, long Max)
{
    /// <summary>More than any bound, and far from an overflow.</summary>
    private const long Endless = 1_000_000_000_000;

    public static TextLength Of(GrammarNode node) =>
        node switch
        {
            GrammarNode.Literal literal => Of(literal.Value.EnumerateRunes().Count()),
            GrammarNode.Sequence sequence => sequence
                .Parts.Select(Of)
                .Aggregate(Of(0), (sum, part) => new(Bounded(sum.Min + part.Min), Bounded(sum.Max + part.Max))),
            GrammarNode.Choice { Options.Count: > 0 } choice => choice
                .Options.Select(Of)
                .Aggregate((one, two) => new(Math.Min(one.Min, two.Min), Math.Max(one.Max, two.Max))),
            GrammarNode.Repeat repeat when Of(repeat.Item) is var item => new(
                Bounded((double)item.Min * repeat.Min),
                Bounded((double)item.Max * repeat.Max)
            ),
            _ => Of(1),
        };

    private static TextLength Of(long length) => new(length, length);

    private static long Bounded(double length) => (long)Math.Min(length, Endless);
}
