using System.Globalization;

namespace LlmThrift.Local.Grammars;

/// <summary>Reads a regular expression (the common part of ECMA-262 and .NET) into a node over the characters of the text, not yet escaped for JSON.</summary>
/// <remarks>
/// Texts match the whole of the pattern, which is what its author mostly means and never wrong. Only where it begins with <c>^</c> and does not end with
/// <c>$</c>, text may follow. Repetitions without an end are bounded.
/// </remarks>
internal sealed class PatternParser
{
    /// <summary>How often a group repeats where the pattern sets no bound.</summary>
    private const int GroupRepetitions = 50;

    private const int MostRepetitions = 10_000;

    private const int MaxDepth = 50;

    private static readonly CodePointSet Words = CodePointSet.Letters.Or(CodePointSet.Digits).Or(CodePointSet.Of("_"));

    /// <summary>White space as a model may write it.</summary>
    private static readonly CodePointSet Blanks = CodePointSet.Of(" \t\n\r");

    /// <summary>White space in every dialect, for what must be none.</summary>
    private static readonly CodePointSet AllBlanks = new(
        (9, 13),
        (0x1C, 0x20),
        (0x85, 0x85),
        (0xA0, 0xA0),
        (0x1680, 0x1680),
        (0x2000, 0x200A),
        (0x2028, 0x2029),
        (0x202F, 0x202F),
        (0x205F, 0x205F),
        (0x3000, 0x3000),
        (0xFEFF, 0xFEFF)
    );

    private static readonly CodePointSet LineEnds = new((10, 10), (13, 13), (0x2028, 0x2029));

    private readonly string _pattern;
    private readonly int _characters;
    private readonly string _pointer;
    private int _at;
    private int _depth;

    private PatternParser(string pattern, int characters, string pointer) =>
        (_pattern, _characters, _pointer) = (pattern, characters, pointer);

    /// <summary>Reads a pattern.</summary>
    /// <param name="pattern">The pattern.</param>
    /// <param name="characters">How often a character repeats where the pattern sets no bound.</param>
    /// <param name="pointer">Where the schema is, for messages.</param>
    public static GrammarNode Parse(string pattern, int characters, string pointer)
    {
        var parser = new PatternParser(pattern, characters, pointer);
        var node = parser.ParseOptions();
        return parser._at == pattern.Length ? node : throw parser.Error("a ')' without a '('. Correct it.");
    }

    private UnsupportedSchemaException Error(string reason) => new("pattern", _pointer, $"at character {_at} of '{_pattern}': {reason}");

    private bool Take(char character)
    {
        if (_at < _pattern.Length && _pattern[_at] == character)
        {
            _at++;
            return true;
        }

        return false;
    }

    private GrammarNode ParseOptions()
    {
        var options = new List<GrammarNode>();
        do
        {
            options.Add(ParseSequence());
        } while (Take('|'));

        return GrammarNode.OneOf(options);
    }

    private GrammarNode ParseSequence()
    {
        var parts = new List<GrammarNode>();
        var (begins, ends) = (_depth == 0 && Take('^'), false);
        while (_at < _pattern.Length && _pattern[_at] is not ('|' or ')'))
        {
            if (_depth == 0 && _pattern[_at] == '$' && (_at + 1 == _pattern.Length || _pattern[_at + 1] == '|'))
            {
                _at++;
                ends = true;
                break;
            }

            parts.Add(ParseRepeated());
        }

        if (_depth == 0 && !ends && (begins || parts.Count == 0))
        {
            parts.Add(GrammarNode.Times(new GrammarNode.Class(CodePointSet.BasicPlane), 0, _characters));
        }

        return GrammarNode.Join(parts);
    }

    private GrammarNode ParseRepeated()
    {
        var atom = ParseAtom();
        while (_at < _pattern.Length)
        {
            var (min, max) = ParseQuantifier();
            if (min < 0)
            {
                break;
            }

            // Lazy or not, the texts are the same.
            if (!Take('?') && _at < _pattern.Length && _pattern[_at] == '+')
            {
                throw Error("a possessive quantifier is not supported. Leave its '+' out.");
            }

            if (max == int.MaxValue)
            {
                max = Math.Max(min, TextLength.Of(atom).Max <= 1 ? _characters : GroupRepetitions);
            }

            atom = GrammarNode.Times(atom, min, max);
        }

        return atom;
    }

    /// <summary>A quantifier; a least number below zero if there is none.</summary>
    private (int Min, int Max) ParseQuantifier()
    {
        if (Take('*'))
        {
            return (0, int.MaxValue);
        }

        if (Take('+'))
        {
            return (1, int.MaxValue);
        }

        if (Take('?'))
        {
            return (0, 1);
        }

        if (_pattern[_at] != '{')
        {
            return (-1, -1);
        }

        var end = _pattern.IndexOf('}', _at);
        var bounds = end < 0 ? [] : _pattern[(_at + 1)..end].Split(',');
        var max = int.MaxValue;
        if (
            bounds.Length is < 1 or > 2
            || !int.TryParse(bounds[0], NumberStyles.None, CultureInfo.InvariantCulture, out var min)
            || (
                bounds.Length == 2
                && bounds[1].Length > 0
                && !int.TryParse(bounds[1], NumberStyles.None, CultureInfo.InvariantCulture, out max)
            )
        )
        {
            throw Error(@"a '{' begins a number of repetitions, such as {2} or {2,5}. Write \{ for the character.");
        }

        max = bounds.Length == 1 ? min : max;
        if (max < min || min > MostRepetitions)
        {
            throw Error($"the number of repetitions is not from low to high, or beyond {MostRepetitions}. Correct it.");
        }

        _at = end + 1;
        return (min, max == int.MaxValue ? max : Math.Min(max, MostRepetitions));
    }

    private GrammarNode ParseAtom()
    {
        switch (_pattern[_at])
        {
            case '(':
                return ParseGroup();
            case '[':
                return ParseClass();
            case '.':
                _at++;
                return new GrammarNode.Class(CodePointSet.BasicPlane.Except(LineEnds));
            case '\\':
                return ParseEscape(isInClass: false) is var set && set.Ranges is [var (first, last)] && first == last
                    ? GrammarNode.Text(char.ConvertFromUtf32(first))
                    : new GrammarNode.Class(set);
            case '*' or '+' or '?' or '{':
                throw Error("a quantifier without anything before it. Escape the character, or correct it.");
            case '^' or '$':
                throw Error("anchors are supported at the beginning and the end of the pattern only. Move them there, or leave them out.");
            default:
                return GrammarNode.Text(char.ConvertFromUtf32(TakeCodePoint()));
        }
    }

    private int TakeCodePoint()
    {
        if (!System.Text.Rune.TryGetRuneAt(_pattern, _at, out var rune))
        {
            throw Error("half a pair of surrogates. Correct it.");
        }

        _at += rune.Utf16SequenceLength;
        return rune.Value;
    }

    private GrammarNode ParseGroup()
    {
        _at++;
        if (++_depth > MaxDepth)
        {
            throw Error("groups too deep within each other. Simplify it.");
        }

        if (Take('?'))
        {
            var isNamed = Take('<') && _at < _pattern.Length && _pattern[_at] is not ('=' or '!');
            var end = isNamed ? _pattern.IndexOf('>', _at) : -1;
            if (isNamed && end > 0)
            {
                _at = end + 1;
            }
            else if (isNamed || !Take(':'))
            {
                throw Error("lookarounds and options of groups are not supported. Use a plain group.");
            }
        }

        var node = ParseOptions();
        if (!Take(')'))
        {
            throw Error("a '(' without a ')'. Correct it.");
        }

        _depth--;
        return node;
    }

    private GrammarNode.Class ParseClass()
    {
        _at++;
        var isNegated = Take('^');
        var set = new CodePointSet();
        while (!Take(']'))
        {
            var first = ParseMember();
            if (_at + 1 < _pattern.Length && _pattern[_at] == '-' && _pattern[_at + 1] != ']')
            {
                _at++;
                var last = ParseMember();
                if (Single(first) is not { } low || Single(last) is not { } high || low > high)
                {
                    throw Error("a range is from one character to a later one. Correct it.");
                }

                first = new CodePointSet((low, high)).And(CodePointSet.All);
            }

            set = set.Or(first);
        }

        set = (
            isNegated ? set.Or(set.And(Blanks).Ranges.Count == Blanks.Ranges.Count ? AllBlanks : new CodePointSet()).Complement() : set
        ).And(CodePointSet.BasicPlane);
        return set.IsEmpty
            ? throw Error("a class without a character that is one unit of UTF-16. Correct it.")
            : new GrammarNode.Class(set);
    }

    private CodePointSet ParseMember()
    {
        if (_at >= _pattern.Length)
        {
            throw Error("a '[' without a ']'. Correct it.");
        }

        if (_pattern[_at] == '\\')
        {
            return ParseEscape(isInClass: true);
        }

        if (_pattern[_at] == '[' && _at + 1 < _pattern.Length && _pattern[_at + 1] is ':' or '[')
        {
            throw Error("named classes and classes within classes are not supported. Write out the ranges.");
        }

        var codePoint = TakeCodePoint();
        return new CodePointSet((codePoint, codePoint));
    }

    private static int? Single(CodePointSet set) => set.Ranges is [var (first, last)] && first == last ? first : null;

    private CodePointSet ParseEscape(bool isInClass)
    {
        _at++;
        if (_at >= _pattern.Length)
        {
            throw Error("a backslash at the end. Escape it.");
        }

        var character = _pattern[_at++];
        return character switch
        {
            'd' => CodePointSet.Digits,
            'w' => Words,
            's' => Blanks,
            'D' => CodePointSet.Digits.Complement().And(CodePointSet.BasicPlane),
            'W' => Words.Complement().And(CodePointSet.BasicPlane),
            'S' => AllBlanks.Complement().And(CodePointSet.BasicPlane),
            'n' => One('\n'),
            'r' => One('\r'),
            't' => One('\t'),
            'f' => One('\f'),
            'v' => One('\v'),
            'b' when isInClass => One('\b'),
            'x' => One(TakeHex(2)),
            'u' => One(TakeHex(4)),
            _ when char.IsAsciiLetterOrDigit(character) => throw Error(
                $@"\{character} is not supported. Use literal characters, classes, groups, '|' and quantifiers."
            ),
            _ when char.IsSurrogate(character) => throw Error(
                "an escaped character beyond the first 65,536. Write it without the backslash."
            ),
            _ => One(character),
        };

        static CodePointSet One(int codePoint) => new((codePoint, codePoint));
    }

    private int TakeHex(int digits)
    {
        if (
            _at + digits > _pattern.Length
            || !int.TryParse(_pattern.AsSpan(_at, digits), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var value)
            || value is >= 0xD800 and < 0xE000
        )
        {
            throw Error($"an escape takes {digits} hexadecimal digits that are a character of their own. Correct it.");
        }

        _at += digits;
        return value;
    }
}
