using System.Globalization;

namespace LlmThrift.Local.Grammars;

/// <summary>Strings: of bounded length, of a pattern or of a format. A character counts as one however it is escaped.</summary>
internal static class StringGrammar
{
    /// <summary>Of how many control characters that a pattern names each gets its escape; of more, only the usual ones do.</summary>
    private const int MostEscapes = 64;

    private static readonly CodePointSet UsualEscapes = CodePointSet.Of("\"\\\n\r\t");

    /// <summary>A character of a string: as it stands, or escaped. Surrogates only come in pairs, which are one character.</summary>
    private static readonly GrammarNode AnyCharacter = MakeCharacter();

    public static GrammarNode Build(SchemaShape shape, GrammarRules rules, GrammarLimits limits)
    {
        if (shape.MinLength > limits.MostCharacters)
        {
            throw new UnsupportedSchemaException(
                "minLength",
                shape.Pointer,
                $"a string has at most {limits.MostCharacters} characters here. Ask for fewer."
            );
        }

        var max = shape.MaxLength is { } length
            ? Math.Min(length, limits.MostCharacters)
            : Math.Min(Math.Max(limits.Characters, 2 * shape.MinLength), limits.MostCharacters);
        if (max < shape.MinLength)
        {
            return GrammarNode.Never;
        }

        var content = (shape.Patterns, shape.Formats) switch
        {
            ([], []) => rules.Repeat(Character(rules), shape.MinLength, max),
            ([var pattern], []) => Escape(
                TextBounds.Apply(PatternParser.Parse(pattern, max, shape.Pointer), shape.MinLength, max)
                    ?? throw new UnsupportedSchemaException(
                        "pattern",
                        shape.Pointer,
                        "its texts do not fit 'minLength' and 'maxLength' in a way that can be found. Put the length into the pattern, such as [a-z]{2,8}."
                    ),
                rules
            ),
            ([], [var format]) => TextBounds.Apply(StringFormats.Build(format), shape.MinLength, max)
                ?? throw new UnsupportedSchemaException(
                    "format",
                    shape.Pointer,
                    $"a text of the format '{format}' does not fit 'minLength' and 'maxLength' in a way that can be found. Leave them out."
                ),
            (_, []) => throw new UnsupportedSchemaException(
                "pattern",
                shape.Pointer,
                "several patterns apply to the same string. Make them one."
            ),
            _ => throw new UnsupportedSchemaException(
                "format",
                shape.Pointer,
                "several formats, or a format and a pattern, apply to the same string. Keep one."
            ),
        };
        return rules.Share("string", GrammarNode.Join(GrammarNode.Text("\""), content, GrammarNode.Text("\"")));
    }

    /// <summary>A string of any characters, within the bounds that hold where the schema sets none.</summary>
    public static GrammarNode Any(GrammarRules rules, GrammarLimits limits) => Build(SchemaShape.Any, rules, limits);

    private static GrammarNode Character(GrammarRules rules) => rules.Share("char", AnyCharacter);

    private static GrammarNode MakeCharacter()
    {
        var hex = new GrammarNode.Class(CodePointSet.HexDigits);
        var high = GrammarNode.Join(Of("dD"), Of("89abAB"), hex, hex);
        var low = GrammarNode.Join(GrammarNode.Text("\\u"), Of("dD"), Of("cdefCDEF"), hex, hex);
        return GrammarNode.OneOf(
            new GrammarNode.Class(CodePointSet.Raw),
            GrammarNode.Join(
                GrammarNode.Text("\\"),
                GrammarNode.OneOf(
                    Of("\"\\/bfnrt"),
                    GrammarNode.Join(
                        GrammarNode.Text("u"),
                        GrammarNode.OneOf(
                            GrammarNode.Join(new GrammarNode.Class(CodePointSet.HexDigits.Except(CodePointSet.Of("dD"))), hex, hex, hex),
                            GrammarNode.Join(Of("dD"), Of("01234567"), hex, hex),
                            GrammarNode.Join(high, low)
                        )
                    )
                )
            )
        );

        static GrammarNode.Class Of(string characters) => new(CodePointSet.Of(characters));
    }

    /// <summary>The same texts as JSON writes them within a string.</summary>
    private static GrammarNode Escape(GrammarNode node, GrammarRules rules) =>
        node switch
        {
            GrammarNode.Literal literal => GrammarNode.Text(
                string.Concat(literal.Value.EnumerateRunes().Select(rune => Escape(rune.Value)))
            ),
            GrammarNode.Class one => EscapeSet(one.Set, rules),
            GrammarNode.Sequence sequence => GrammarNode.Join(sequence.Parts.Select(part => Escape(part, rules))),
            GrammarNode.Choice choice => GrammarNode.OneOf(choice.Options.Select(option => Escape(option, rules))),
            GrammarNode.Repeat repeat => rules.Repeat(Escape(repeat.Item, rules), repeat.Min, repeat.Max),
            _ => node,
        };

    private static string Escape(int codePoint) =>
        JsonText.Escape(codePoint)
        ?? (
            CodePointSet.Raw.Contains(codePoint) || codePoint > 0xFFFF
                ? char.ConvertFromUtf32(codePoint)
                : "\\u" + codePoint.ToString("x4", CultureInfo.InvariantCulture)
        );

    private static GrammarNode EscapeSet(CodePointSet set, GrammarRules rules)
    {
        var raw = set.And(CodePointSet.Raw);
        var others = set.Except(CodePointSet.Raw);
        if (others.Ranges.Sum(range => range.Last - range.First + 1) > MostEscapes)
        {
            others = others.And(UsualEscapes);
        }

        var escapes =
            from range in others.Ranges
            from codePoint in Enumerable.Range(range.First, range.Last - range.First + 1)
            select GrammarNode.Text(Escape(codePoint));
        IEnumerable<GrammarNode> options = raw.IsEmpty ? escapes : escapes.Prepend(new GrammarNode.Class(raw));
        var node = GrammarNode.OneOf(options);
        return node is GrammarNode.Choice { Options.Count: > 0 } ? rules.Share("char", node) : node;
    }
}
