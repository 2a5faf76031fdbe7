namespace LlmThrift.Local.Grammars;

/// <summary>Parts in a fixed order with commas between, some of which may be left out, and a least and a greatest number of them. Linear in their number.</summary>
internal sealed class ChainGrammar
{
    private readonly IReadOnlyList<(GrammarNode Node, bool IsRequired)> _parts;
    private readonly Func<int, GrammarNode> _end;
    private readonly GrammarRules _rules;
    private readonly string _hint;
    private readonly int _most;
    private readonly int _counted;
    private readonly Dictionary<(int Part, int Count), GrammarNode> _states = [];

    private ChainGrammar(
        IReadOnlyList<(GrammarNode, bool)> parts,
        int least,
        int most,
        Func<int, GrammarNode> end,
        GrammarRules rules,
        string hint
    )
    {
        (_parts, _end, _rules, _hint, _most) = (parts, end, rules, hint, most);

        // Beyond this many it makes no difference how many there are.
        _counted = Math.Max(1, Math.Max(least, most == int.MaxValue ? 0 : most));
    }

    /// <summary>Builds it.</summary>
    /// <param name="parts">The parts.</param>
    /// <param name="least">Up to how many their number matters to what comes after.</param>
    /// <param name="most">How many there are at the most; <see cref="int.MaxValue"/> for all.</param>
    /// <param name="end">What comes after so many parts, or after more.</param>
    /// <param name="rules">Takes the rules.</param>
    /// <param name="hint">What the rules' names begin with.</param>
    public static GrammarNode Build(
        IReadOnlyList<(GrammarNode Node, bool IsRequired)> parts,
        int least,
        int most,
        Func<int, GrammarNode> end,
        GrammarRules rules,
        string hint
    )
    {
        var chain = new ChainGrammar(parts, least, most, end, rules, hint);

        // From the last part, so that no call goes deep however many there are.
        for (var part = parts.Count; part > 0; part--)
        {
            for (var count = 0; count <= Math.Min(part, chain._counted); count++)
            {
                chain._states[(part, count)] = chain.From(part, count);
            }
        }

        return chain.From(0, 0);
    }

    private GrammarNode From(int part, int count)
    {
        if (part == _parts.Count)
        {
            return _end(count);
        }

        var (node, isRequired) = _parts[part];
        var taken =
            count >= _most
                ? GrammarNode.Never
                : GrammarNode.Join(Separator(count, _rules), node, _states[(part + 1, Math.Min(count + 1, _counted))]);
        return isRequired ? taken : _rules.Share(_hint, GrammarNode.OneOf(taken, _states[(part + 1, count)]));
    }

    /// <summary>What stands before a part: a comma unless it is the first.</summary>
    public static GrammarNode Separator(int count, GrammarRules rules) =>
        count == 0 ? GrammarNode.Empty : GrammarNode.Join(GrammarNode.Text(","), rules.Space);
}
