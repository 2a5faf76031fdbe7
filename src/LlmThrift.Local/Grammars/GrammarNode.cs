namespace LlmThrift.Local.Grammars;

/// <summary>What stands on the right of a grammar's rule.</summary>
internal abstract record GrammarNode
{
    /// <summary>The empty text.</summary>
    public static GrammarNode Empty { get; } = new Literal("");

    /// <summary>No text at all: an alternative that is none. Leaves the grammar before it is written.</summary>
    public static GrammarNode Never { get; } = new Choice([]);

    /// <summary>A text as it stands.</summary>
    public sealed record Literal(string Value) : GrammarNode;

    /// <summary>One character of a set.</summary>
    public sealed record Class(CodePointSet Set) : GrammarNode;

    /// <summary>One after another.</summary>
    public sealed record Sequence(IReadOnlyList<GrammarNode> Parts) : GrammarNode;

    /// <summary>One of several.</summary>
    public sealed record Choice(IReadOnlyList<GrammarNode> Options) : GrammarNode;

    /// <summary>The same several times.</summary>
    public sealed record Repeat(GrammarNode Item, int Min, int Max) : GrammarNode;

    /// <summary>Another rule.</summary>
    public sealed record Rule(string Name) : GrammarNode;

    public static GrammarNode Text(string text) => text.Length == 0 ? Empty : new Literal(text);

    /// <summary>A character of a range, such as a digit between two others.</summary>
    public static GrammarNode Range(char first, char last) =>
        first == last ? Text(first.ToString()) : new Class(new CodePointSet((first, last)));

    public static GrammarNode Join(params IEnumerable<GrammarNode> parts)
    {
        var kept = new List<GrammarNode>();
        foreach (var part in parts)
        {
            foreach (var one in part is Sequence sequence ? sequence.Parts : [part])
            {
                if (one is Choice { Options.Count: 0 })
                {
                    return Never;
                }

                if (one is Literal next && kept.Count > 0 && kept[^1] is Literal last)
                {
                    kept[^1] = new Literal(last.Value + next.Value);
                }
                else if (one is not Literal { Value: "" })
                {
                    kept.Add(one);
                }
            }
        }

        return kept.Count switch
        {
            0 => Empty,
            1 => kept[0],
            _ => new Sequence(kept),
        };
    }

    public static GrammarNode OneOf(params IEnumerable<GrammarNode> options)
    {
        var kept = new List<GrammarNode>();
        foreach (var option in options)
        {
            kept.AddRange(option is Choice choice ? choice.Options : [option]);
        }

        return kept.Count == 1 ? kept[0] : new Choice(kept);
    }

    public static GrammarNode Optional(GrammarNode node) => Times(node, 0, 1);

    public static GrammarNode Times(GrammarNode item, int min, int max) =>
        (min, max) switch
        {
            (_, 0) => Empty,
            (1, 1) => item,
            _ when max < min => Never,
            _ when item is Choice { Options.Count: 0 } => min == 0 ? Empty : Never,
            _ => new Repeat(item, min, max),
        };
}
