using System.Globalization;
using System.Text;

namespace LlmThrift.Local.Grammars;

/// <summary>The rules of a grammar, and their text in llama.cpp's format. Not thread-safe.</summary>
/// <param name="limits">How large it may become.</param>
/// <param name="prefix">What the names of its rules begin with, so that several grammars fit into one text.</param>
internal sealed class GrammarRules(GrammarLimits limits, string prefix = "")
{
    /// <summary>llama.cpp refuses more repetitions than 2,000 and makes a rule of each: longer ones are built of blocks.</summary>
    private const int LongestRepetition = 1_000;

    private const int Block = 100;

    private readonly Dictionary<string, GrammarNode> _rules = [];
    private readonly Dictionary<string, GrammarNode> _shared = [];
    private int _count;
    private int _weight;

    /// <summary>A space or none, after a comma and a colon: more would let a model pad without end.</summary>
    public GrammarNode Space => Share("sp", GrammarNode.Optional(GrammarNode.Text(" ")));

    /// <summary>A name that no rule has yet.</summary>
    public GrammarNode.Rule Reserve(string hint)
    {
        var name = string.Create(CultureInfo.InvariantCulture, $"{prefix}{hint}-{_count++}");
        _rules[name] = GrammarNode.Never;
        return new GrammarNode.Rule(name);
    }

    public void Define(GrammarNode.Rule rule, GrammarNode node)
    {
        _rules[rule.Name] = node;
        _weight += Weight(node);
        if (_rules.Count > limits.Rules || _weight > limits.Rules)
        {
            throw TooLarge();
        }
    }

    /// <summary>A rule for a node; the same one for the same node.</summary>
    public GrammarNode Share(string hint, GrammarNode node)
    {
        if (node is GrammarNode.Rule || ReferenceEquals(node, GrammarNode.Never))
        {
            return node;
        }

        var text = Write(node);
        if (!_shared.TryGetValue(text, out var rule))
        {
            var reserved = Reserve(hint);
            Define(reserved, node);
            _shared[text] = rule = reserved;
        }

        return rule;
    }

    /// <summary>The same several times, in a form that llama.cpp takes: what it repeats is one symbol.</summary>
    public GrammarNode Repeat(GrammarNode item, int min, int max)
    {
        if (max <= 1)
        {
            return GrammarNode.Times(item, min, max);
        }

        var one = item is GrammarNode.Class ? item : Share("item", item);
        if (max <= LongestRepetition)
        {
            return GrammarNode.Times(one, min, max);
        }

        // All lengths from the least on; the greatest may be missed by less than a block, which is still within the bound.
        var block = Share("block", GrammarNode.Times(one, Block, Block));
        var optional = max - min;
        return GrammarNode.Join(
            GrammarNode.Times(block, min / Block, min / Block),
            GrammarNode.Times(one, min % Block, min % Block),
            optional < Block
                ? GrammarNode.Times(one, 0, optional)
                : GrammarNode.Join(GrammarNode.Times(block, 0, (optional - Block + 1) / Block), GrammarNode.Times(one, 0, Block - 1))
        );
    }

    /// <summary>The text of the grammar; null if nothing can be made under it.</summary>
    public string? ToText(GrammarNode.Rule root)
    {
        var productive = Productive();
        if (!productive.Contains(root.Name))
        {
            return null;
        }

        var text = new StringBuilder();
        var seen = new HashSet<string> { root.Name };
        var names = new Queue<string>(seen);
        while (names.TryDequeue(out var name))
        {
            var node = Live(_rules[name], productive);
            foreach (var rule in References(node))
            {
                if (seen.Add(rule))
                {
                    names.Enqueue(rule);
                }
            }

            text.Append(name == root.Name ? prefix + "root" : name).Append(" ::= ").Append(Write(node, root.Name)).Append('\n');
            if (text.Length > limits.GrammarLength)
            {
                throw TooLarge();
            }
        }

        return text.ToString();
    }

    private static UnsupportedSchemaException TooLarge() =>
        new(
            "schema",
            "",
            "its grammar would be too large. Make it smaller: fewer properties and alternatives, lower maxItems and maxLength."
        );

    /// <summary>How many rules llama.cpp makes of a node, roughly.</summary>
    private static int Weight(GrammarNode node) =>
        node switch
        {
            GrammarNode.Repeat repeat => repeat.Max + Weight(repeat.Item),
            GrammarNode.Sequence sequence => sequence.Parts.Sum(Weight),
            GrammarNode.Choice choice => 1 + choice.Options.Sum(Weight),
            _ => 1,
        };

    /// <summary>The rules that some text can be made of: not those that need themselves, nor those without an alternative.</summary>
    private HashSet<string> Productive()
    {
        var productive = new HashSet<string>();
        for (var found = true; found; )
        {
            found = false;
            foreach (var (name, node) in _rules)
            {
                if (!productive.Contains(name) && IsLive(node, productive))
                {
                    productive.Add(name);
                    found = true;
                }
            }
        }

        return productive;
    }

    private static bool IsLive(GrammarNode node, HashSet<string> productive) =>
        node switch
        {
            GrammarNode.Class one => !one.Set.IsEmpty,
            GrammarNode.Sequence sequence => sequence.Parts.All(part => IsLive(part, productive)),
            GrammarNode.Choice choice => choice.Options.Any(option => IsLive(option, productive)),
            GrammarNode.Repeat repeat => repeat.Min == 0 || IsLive(repeat.Item, productive),
            GrammarNode.Rule rule => productive.Contains(rule.Name),
            _ => true,
        };

    /// <summary>A node without what no text can be made of, and with rules that only name another replaced by it.</summary>
    private GrammarNode Live(GrammarNode node, HashSet<string> productive) =>
        node switch
        {
            GrammarNode.Sequence sequence => GrammarNode.Join(sequence.Parts.Select(part => Live(part, productive))),
            GrammarNode.Choice choice => GrammarNode.OneOf(
                choice
                    .Options.Where(option => IsLive(option, productive))
                    .Select(option => Live(option, productive))
                    .DistinctBy(option => Write(option))
            ),
            GrammarNode.Repeat repeat => IsLive(repeat.Item, productive)
                ? GrammarNode.Times(Live(repeat.Item, productive), repeat.Min, repeat.Max)
                : GrammarNode.Empty,
            GrammarNode.Rule rule => Follow(rule),
            _ => node,
        };

    private GrammarNode.Rule Follow(GrammarNode.Rule rule)
    {
        // A productive rule does not lead back to itself by names alone, so this ends.
        while (_rules[rule.Name] is GrammarNode.Rule next)
        {
            rule = next;
        }

        return rule;
    }

    private static IEnumerable<string> References(GrammarNode node) =>
        node switch
        {
            GrammarNode.Sequence sequence => sequence.Parts.SelectMany(References),
            GrammarNode.Choice choice => choice.Options.SelectMany(References),
            GrammarNode.Repeat repeat => References(repeat.Item),
            GrammarNode.Rule rule => [rule.Name],
            _ => [],
        };

    private string Write(GrammarNode node, string? root = null)
    {
        var text = new StringBuilder();
        Write(text, node, root, isPart: false);
        return text.ToString();
    }

    private void Write(StringBuilder text, GrammarNode node, string? root, bool isPart)
    {
        switch (node)
        {
            case GrammarNode.Literal literal:
                WriteLiteral(text, literal.Value);
                break;
            case GrammarNode.Class one:
                text.Append(one.Set);
                break;
            case GrammarNode.Rule rule:
                text.Append(rule.Name == root ? prefix + "root" : rule.Name);
                break;
            case GrammarNode.Repeat repeat:
                WriteRepeat(text, repeat, root);
                break;
            default:
                var (parts, between) = node is GrammarNode.Sequence sequence
                    ? (sequence.Parts, " ")
                    : (((GrammarNode.Choice)node).Options, " | ");
                text.Append(isPart ? "(" : "");
                for (var i = 0; i < parts.Count; i++)
                {
                    text.Append(i == 0 ? "" : between);
                    Write(text, parts[i], root, isPart: node is GrammarNode.Sequence);
                }

                text.Append(isPart ? ")" : "");
                break;
        }
    }

    private void WriteRepeat(StringBuilder text, GrammarNode.Repeat repeat, string? root)
    {
        Write(text, repeat.Item, root, isPart: true);
        if (repeat is { Min: 0, Max: 1 })
        {
            text.Append('?');
        }
        else
        {
            text.Append(CultureInfo.InvariantCulture, $"{{{repeat.Min}");
            text.Append(repeat.Min == repeat.Max ? "}" : string.Create(CultureInfo.InvariantCulture, $",{repeat.Max}}}"));
        }
    }

    public static void WriteLiteral(StringBuilder text, string literal)
    {
        text.Append('"');
        foreach (var rune in literal.EnumerateRunes())
        {
            text.Append(
                rune.Value switch
                {
                    '"' => "\\\"",
                    '\\' => "\\\\",
                    >= 0x20 and < 0x7F => rune.ToString(),
                    < 0x100 => "\\x" + rune.Value.ToString("X2", CultureInfo.InvariantCulture),
                    < 0x10000 => "\\u" + rune.Value.ToString("X4", CultureInfo.InvariantCulture),
                    _ => "\\U" + rune.Value.ToString("X8", CultureInfo.InvariantCulture),
                }
            );
        }

        text.Append('"');
    }
}
