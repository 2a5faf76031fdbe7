using System.Globalization;
using System.Text;
using Xunit;

namespace LlmThrift.Local.Tests.Grammars;

/// <summary>A grammar in llama.cpp's format: reads it as llama.cpp does, makes random texts by it and tells whether a text is one of its.</summary>
internal sealed class Gbnf
{
    private const int MaxRepetitions = 2000;

    private readonly Dictionary<string, Node> _rules = [];
    private readonly string _text;
    private int _at;

    public Gbnf(string text)
    {
        _text = text;
        SkipSpace(newLines: true);
        while (_at < _text.Length)
        {
            var name = ParseName();
            SkipSpace(newLines: false);
            Expect("::=");
            SkipSpace(newLines: true);
            Assert.True(_rules.TryAdd(name, ParseChoice(nested: false)), $"Rule {name} is there twice.");
            Assert.True(_at == _text.Length || _text[_at] == '\n', $"Rule {name} does not end with its line.");
            SkipSpace(newLines: true);
        }

        foreach (var name in _rules.Values.SelectMany(rule => rule.References()))
        {
            Assert.True(_rules.ContainsKey(name), $"Rule {name} is not there.");
        }

        MeasureHeights();
        CheckLeftRecursion();
    }

    public int RuleCount => _rules.Count;

    /// <summary>A random text of the grammar.</summary>
    public string Sample(Random random, int depth = 40)
    {
        var text = new StringBuilder();
        Sample(_rules["root"], random, depth, text);
        return text.ToString();
    }

    public bool Accepts(string text)
    {
        var runes = text.EnumerateRunes().Select(rune => rune.Value).ToArray();
        return Match(_rules["root"], 0, runes, []).Contains(runes.Length);
    }

    private void Sample(Node node, Random random, int depth, StringBuilder text)
    {
        switch (node)
        {
            case Terminal terminal:
                text.Append(char.ConvertFromUtf32(terminal.Pick(random)));
                break;
            case Reference reference:
                Sample(_rules[reference.Name], random, depth - 1, text);
                break;
            case Sequence sequence:
                sequence.Parts.ForEach(part => Sample(part, random, depth, text));
                break;
            case Choice choice:
                var least = choice.Options.Min(option => option.Height);
                var options =
                    depth > 0
                        ? choice.Options.FindAll(option => option.Height < int.MaxValue)
                        : choice.Options.FindAll(option => option.Height == least);
                Sample(options[random.Next(options.Count)], random, depth, text);
                break;
            case Repeat repeat:
                var more = depth <= 0 || repeat.Item.Height == int.MaxValue ? 0 : repeat.Max - repeat.Min;
                more = random.Next(20) == 0 && repeat.Item is Terminal ? more : random.Next(Math.Min(more, random.Next(1, 6)) + 1);
                for (var i = 0; i < repeat.Min + more; i++)
                {
                    Sample(repeat.Item, random, depth - (more > 0 ? 1 : 0), text);
                }

                break;
        }
    }

    private HashSet<int> Match(Node node, int at, int[] text, Dictionary<(Node, int), HashSet<int>> known)
    {
        if (known.TryGetValue((node, at), out var ends))
        {
            return ends;
        }

        ends = [];
        switch (node)
        {
            case Terminal terminal:
                if (at < text.Length && terminal.Contains(text[at]))
                {
                    ends.Add(at + 1);
                }

                break;
            case Reference reference:
                ends = Match(_rules[reference.Name], at, text, known);
                break;
            case Sequence sequence:
                ends = [at];
                foreach (var part in sequence.Parts)
                {
                    ends = [.. ends.SelectMany(end => Match(part, end, text, known))];
                }

                break;
            case Choice choice:
                ends = [.. choice.Options.SelectMany(option => Match(option, at, text, known))];
                break;
            case Repeat repeat:
                HashSet<int> current = [at];
                for (var i = 0; i <= repeat.Max && current.Count > 0; i++)
                {
                    if (i >= repeat.Min)
                    {
                        ends.UnionWith(current);
                    }

                    current = [.. current.SelectMany(end => Match(repeat.Item, end, text, known))];
                }

                break;
        }

        return known[(node, at)] = ends;
    }

    /// <summary>How many rules deep a node's shortest way to a text is.</summary>
    private void MeasureHeights()
    {
        for (var changed = true; changed; )
        {
            changed = _rules.Values.Aggregate(false, (any, rule) => rule.Measure(_rules) | any);
        }

        foreach (var (name, rule) in _rules)
        {
            Assert.True(rule.Height < int.MaxValue, $"Rule {name} has no text.");
        }
    }

    private void CheckLeftRecursion()
    {
        foreach (var name in _rules.Keys)
        {
            var seen = new HashSet<string>();
            var next = new Queue<string>([name]);
            while (next.TryDequeue(out var one))
            {
                foreach (var first in Firsts(_rules[one]))
                {
                    Assert.True(first != name, $"Rule {name} begins with itself.");
                    if (seen.Add(first))
                    {
                        next.Enqueue(first);
                    }
                }
            }
        }
    }

    private IEnumerable<string> Firsts(Node node) =>
        node switch
        {
            Reference reference => [reference.Name],
            Choice choice => choice.Options.SelectMany(Firsts),
            Repeat repeat => Firsts(repeat.Item),
            Sequence sequence => sequence
                .Parts.TakeWhile((_, i) => sequence.Parts.Take(i).All(part => IsNullable(part, [])))
                .SelectMany(Firsts),
            _ => [],
        };

    private bool IsNullable(Node node, HashSet<string> path) =>
        node switch
        {
            Reference reference => path.Add(reference.Name) && IsNullable(_rules[reference.Name], path),
            Choice choice => choice.Options.Exists(option => IsNullable(option, path)),
            Repeat repeat => repeat.Min == 0 || IsNullable(repeat.Item, path),
            Sequence sequence => sequence.Parts.TrueForAll(part => IsNullable(part, path)),
            _ => false,
        };

    private Choice ParseChoice(bool nested)
    {
        var options = new List<Node> { ParseSequence(nested) };
        while (_at < _text.Length && _text[_at] == '|')
        {
            _at++;
            SkipSpace(newLines: true);
            options.Add(ParseSequence(nested));
        }

        return new Choice(options);
    }

    private Sequence ParseSequence(bool nested)
    {
        var parts = new List<Node>();
        while (_at < _text.Length)
        {
            Node part;
            switch (_text[_at])
            {
                case '"':
                    part = ParseLiteral();
                    break;
                case '[':
                    part = ParseClass();
                    break;
                case '(':
                    _at++;
                    SkipSpace(newLines: true);
                    part = ParseChoice(nested: true);
                    Expect(")");
                    break;
                case var character when IsWord(character):
                    part = new Reference(ParseName());
                    break;
                default:
                    return new Sequence(parts);
            }

            SkipSpace(nested);
            parts.Add(ParseRepetition(part, nested));
        }

        return new Sequence(parts);
    }

    private Node ParseRepetition(Node item, bool nested)
    {
        if (_at < _text.Length && _text[_at] == '?')
        {
            _at++;
            SkipSpace(nested);
            return new Repeat(item, 0, 1);
        }

        if (_at >= _text.Length || _text[_at] != '{')
        {
            Assert.False(_at < _text.Length && _text[_at] is '*' or '+', "Repetitions are bounded.");
            return item;
        }

        var end = _text.IndexOf('}', _at);
        var bounds = _text[(_at + 1)..end].Split(',');
        _at = end + 1;
        SkipSpace(nested);
        var min = int.Parse(bounds[0], CultureInfo.InvariantCulture);
        var max = bounds.Length == 1 ? min : int.Parse(bounds[1], CultureInfo.InvariantCulture);
        Assert.InRange(max, Math.Max(min, 1), MaxRepetitions);
        return new Repeat(item, min, max);
    }

    private Sequence ParseLiteral()
    {
        var characters = new List<Node>();
        for (_at++; _text[_at] != '"'; )
        {
            var codePoint = ParseCharacter();
            characters.Add(new Terminal([(codePoint, codePoint)]));
        }

        _at++;
        return new Sequence(characters);
    }

    private Terminal ParseClass()
    {
        var ranges = new List<(int, int)>();
        for (_at++; _text[_at] != ']'; )
        {
            var first = ParseCharacter();
            var last = first;
            if (_text[_at] == '-' && _text[_at + 1] != ']')
            {
                _at++;
                last = ParseCharacter();
            }

            Assert.True(first <= last);
            ranges.Add((first, last));
        }

        _at++;
        Assert.NotEmpty(ranges);
        return new Terminal(ranges);
    }

    private int ParseCharacter()
    {
        if (_text[_at] != '\\')
        {
            return _text[_at++];
        }

        var kind = _text[_at + 1];
        _at += 2;
        var digits = kind switch
        {
            'x' => 2,
            'u' => 4,
            'U' => 8,
            _ => 0,
        };
        if (digits == 0)
        {
            return kind switch
            {
                't' => '\t',
                'r' => '\r',
                'n' => '\n',
                '\\' or '"' or '[' or ']' or '-' => kind,
                _ => throw new FormatException($"Unknown escape \\{kind}"),
            };
        }

        var value = int.Parse(_text.AsSpan(_at, digits), NumberStyles.HexNumber, CultureInfo.InvariantCulture);
        _at += digits;
        return value;
    }

    private string ParseName()
    {
        var from = _at;
        while (_at < _text.Length && IsWord(_text[_at]))
        {
            _at++;
        }

        Assert.True(_at > from, $"A name is missing at {_at}.");
        return _text[from.._at];
    }

    private void SkipSpace(bool newLines)
    {
        while (_at < _text.Length && (_text[_at] is ' ' or '\t' || (newLines && _text[_at] is '\n' or '\r')))
        {
            _at++;
        }
    }

    private void Expect(string text)
    {
        Assert.True(string.CompareOrdinal(_text, _at, text, 0, text.Length) == 0, $"'{text}' is missing at {_at}.");
        _at += text.Length;
    }

    private static bool IsWord(char character) => char.IsAsciiLetterOrDigit(character) || character == '-';

    private abstract class Node
    {
        public int Height { get; protected set; } = int.MaxValue;

        public virtual IEnumerable<string> References() => [];

        /// <summary>Brings the height up to date; true if it changed.</summary>
        public bool Measure(Dictionary<string, Node> rules)
        {
            var height = Compute(rules, out var changed);
            changed |= height != Height;
            Height = height;
            return changed;
        }

        protected abstract int Compute(Dictionary<string, Node> rules, out bool changed);
    }

    private sealed class Terminal(List<(int First, int Last)> ranges) : Node
    {
        public bool Contains(int codePoint) => ranges.Exists(range => range.First <= codePoint && codePoint <= range.Last);

        public int Pick(Random random)
        {
            var ascii = ranges.FindAll(range => range.Last < 0x80);
            var from = ascii.Count > 0 && random.Next(4) > 0 ? ascii : ranges;
            var (first, last) = from[random.Next(from.Count)];
            return random.Next(first, last + 1);
        }

        protected override int Compute(Dictionary<string, Node> rules, out bool changed)
        {
            changed = false;
            return 0;
        }
    }

    private sealed class Reference(string name) : Node
    {
        public string Name => name;

        public override IEnumerable<string> References() => [name];

        protected override int Compute(Dictionary<string, Node> rules, out bool changed)
        {
            changed = false;
            return rules[name].Height == int.MaxValue ? int.MaxValue : rules[name].Height + 1;
        }
    }

    private sealed class Sequence(List<Node> parts) : Node
    {
        public List<Node> Parts => parts;

        public override IEnumerable<string> References() => parts.SelectMany(part => part.References());

        protected override int Compute(Dictionary<string, Node> rules, out bool changed)
        {
            changed = parts.Aggregate(false, (any, part) => part.Measure(rules) | any);
            return parts.Count == 0 ? 0 : parts.Max(part => part.Height);
        }
    }

    private sealed class Choice(List<Node> options) : Node
    {
        public List<Node> Options => options;

        public override IEnumerable<string> References() => options.SelectMany(option => option.References());

        protected override int Compute(Dictionary<string, Node> rules, out bool changed)
        {
            changed = options.Aggregate(false, (any, option) => option.Measure(rules) | any);
            return options.Min(option => option.Height);
        }
    }

    private sealed class Repeat(Node item, int min, int max) : Node
    {
        public Node Item => item;

        public int Min => min;

        public int Max => max;

        public override IEnumerable<string> References() => item.References();

        protected override int Compute(Dictionary<string, Node> rules, out bool changed)
        {
            changed = item.Measure(rules);
            return min == 0 ? 0 : item.Height;
        }
    }
}
