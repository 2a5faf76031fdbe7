using System.Globalization;

namespace LlmThrift.Local.Grammars;

/// <summary>A set of Unicode code points without the surrogates: ranges in order that do not touch. Immutable.</summary>
internal sealed class CodePointSet
{
    private const int Last = 0x10FFFF;

    private readonly List<(int First, int Last)> _ranges = [];

    public CodePointSet(params IEnumerable<(int First, int Last)> ranges)
    {
        foreach (var (first, last) in ranges.Where(range => range.First <= range.Last).OrderBy(range => range.First))
        {
            if (_ranges.Count > 0 && first <= _ranges[^1].Last + 1)
            {
                _ranges[^1] = (_ranges[^1].First, Math.Max(last, _ranges[^1].Last));
            }
            else
            {
                _ranges.Add((first, last));
            }
        }
    }

    /// <summary>Every code point that is a character of its own.</summary>
    public static CodePointSet All { get; } = new((0, 0xD7FF), (0xE000, Last));

    /// <summary>
    /// What a string of JSON may hold as it stands and a model has a use for: no control characters, neither quote nor backslash, and no code points that are
    /// set aside for never being characters.
    /// </summary>
    public static CodePointSet Raw { get; } =
        new(
            (0x20, 0x21),
            (0x23, 0x5B),
            (0x5D, 0x7E),
            (0xA0, 0xD7FF),
            (0xE000, 0xFDCF),
            (0xFDF0, 0xFFFD),
            (0x10000, 0x1FFFD),
            (0x20000, 0x2FFFD)
        );

    /// <summary>The code points that are one unit of UTF-16, on which all dialects of regular expressions agree what one character is.</summary>
    public static CodePointSet BasicPlane { get; } = new((0, 0xD7FF), (0xE000, 0xFFFF));

    public static CodePointSet Digits { get; } = new(('0', '9'));

    public static CodePointSet HexDigits { get; } = new(('0', '9'), ('a', 'f'), ('A', 'F'));

    public static CodePointSet Letters { get; } = new(('a', 'z'), ('A', 'Z'));

    public IReadOnlyList<(int First, int Last)> Ranges => _ranges;

    public bool IsEmpty => _ranges.Count == 0;

    public static CodePointSet Of(string characters) => new(characters.EnumerateRunes().Select(rune => (rune.Value, rune.Value)));

    public bool Contains(int codePoint) => _ranges.Exists(range => range.First <= codePoint && codePoint <= range.Last);

    public CodePointSet Or(CodePointSet other) => new(_ranges.Concat(other._ranges));

    public CodePointSet And(CodePointSet other) =>
        new(
            from one in _ranges
            from two in other._ranges
            let first = Math.Max(one.First, two.First)
            let last = Math.Min(one.Last, two.Last)
            where first <= last
            select (first, last)
        );

    public CodePointSet Except(CodePointSet other) => And(other.Complement());

    public CodePointSet Complement()
    {
        var gaps = new List<(int, int)>();
        var next = 0;
        foreach (var (first, last) in _ranges)
        {
            gaps.Add((next, first - 1));
            next = last + 1;
        }

        gaps.Add((next, Last));
        return All.AndRanges(gaps);
    }

    /// <summary>The set in the notation of a grammar, such as <c>[a-z0-9]</c>.</summary>
    public override string ToString() =>
        $"[{string.Concat(_ranges.Select(range => range.First == range.Last ? Escape(range.First) : Escape(range.First) + "-" + Escape(range.Last)))}]";

    private static string Escape(int codePoint) =>
        codePoint switch
        {
            < 0x7F when char.IsAsciiLetterOrDigit((char)codePoint) => ((char)codePoint).ToString(),
            < 0x100 => "\\x" + codePoint.ToString("X2", CultureInfo.InvariantCulture),
            < 0x10000 => "\\u" + codePoint.ToString("X4", CultureInfo.InvariantCulture),
            _ => "\\U" + codePoint.ToString("X8", CultureInfo.InvariantCulture),
        };

    private CodePointSet AndRanges(IEnumerable<(int, int)> ranges) => And(new CodePointSet(ranges));
}
