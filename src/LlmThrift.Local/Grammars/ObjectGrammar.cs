using System.Text;

namespace LlmThrift.Local.Grammars;

/// <summary>Objects: properties in the order of the schema, then free ones if the schema asks for them.</summary>
internal static class ObjectGrammar
{
    /// <summary>Characters of the name of a free property.</summary>
    private const int KeyLength = 60;

    public static GrammarNode Build(SchemaShape shape, SchemaCompiler compiler, GrammarRules rules, GrammarLimits limits)
    {
        var names = shape.Properties.Select(property => property.Key).ToList();
        var known = names.ToHashSet(StringComparer.Ordinal);
        names.AddRange(shape.Required.Where(known.Add));
        var required = shape.Required.ToHashSet(StringComparer.Ordinal);
        var isFree = shape.IsAdditionalWanted || (names.Count == 0 && shape.Additional.Count == 0);
        var free = isFree
            ? Member(
                GrammarNode.Join(GrammarNode.Text("\""), Key(names, rules), GrammarNode.Text("\"")),
                compiler.Compile(shape.Additional),
                rules
            )
            : GrammarNode.Never;
        var freeMost = Math.Max(limits.Items, Math.Min(shape.MinProperties, limits.MostItems));

        // Names that are free may be the same, so they count as one towards the least number.
        var least = shape.MinProperties <= required.Count ? 0 : shape.MinProperties;
        var most = shape.MaxProperties is { } max && (isFree || max < names.Count) ? max : int.MaxValue;
        if (most < int.MaxValue && most > limits.MostItems)
        {
            most = int.MaxValue;
        }

        if (isFree && least > names.Count + 1)
        {
            throw new UnsupportedSchemaException(
                "minProperties",
                shape.Pointer,
                "a grammar cannot make sure that free properties have different names. Name them in 'properties', or leave it out."
            );
        }

        var parts = names
            .Select(name =>
                (Member(GrammarNode.Text(JsonText.Quote(name)), compiler.Compile(shape.PropertyOf(name)), rules), required.Contains(name))
            )
            .ToArray();
        var body = ChainGrammar.Build(parts, least, most, End, rules, "object");
        return rules.Share("object", GrammarNode.Join(GrammarNode.Text("{"), body));

        GrammarNode End(int count)
        {
            var options = new List<GrammarNode>();
            if (count >= least)
            {
                options.Add(GrammarNode.Text("}"));
            }

            var more = most == int.MaxValue ? freeMost : Math.Min(freeMost, most - count);
            if (isFree && more > 0 && count + 1 >= least)
            {
                var next = GrammarNode.Join(ChainGrammar.Separator(1, rules), free);
                options.Add(
                    GrammarNode.Join(ChainGrammar.Separator(count, rules), free, rules.Repeat(next, 0, more - 1), GrammarNode.Text("}"))
                );
            }

            return rules.Share("object", GrammarNode.OneOf(options));
        }
    }

    /// <summary>A name and its value.</summary>
    public static GrammarNode Member(GrammarNode name, GrammarNode value, GrammarRules rules) =>
        rules.Share("member", GrammarNode.Join(name, GrammarNode.Text(":"), rules.Space, value));

    /// <summary>A name that is none of some others, without its quotes and without escapes.</summary>
    public static GrammarNode Key(IReadOnlyList<string> others, GrammarRules rules)
    {
        var runes = others.Select(name => name.EnumerateRunes().ToArray()).ToArray();
        return Key(runes, 0, rules);
    }

    private static GrammarNode Key(Rune[][] others, int depth, GrammarRules rules)
    {
        var options = new List<GrammarNode>();
        if (depth > 0 && !others.Any(name => name.Length == depth))
        {
            options.Add(GrammarNode.Empty);
        }

        if (depth < KeyLength)
        {
            var next = others
                .Where(name => name.Length > depth)
                .GroupBy(name => name[depth])
                .Where(group => CodePointSet.Raw.Contains(group.Key.Value))
                .ToArray();
            options.AddRange(
                next.Select(group => GrammarNode.Join(GrammarNode.Text(group.Key.ToString()), Key([.. group], depth + 1, rules)))
            );
            var elsewhere = CodePointSet.Raw.Except(new CodePointSet(next.Select(group => (group.Key.Value, group.Key.Value))));
            options.Add(
                GrammarNode.Join(
                    new GrammarNode.Class(elsewhere),
                    rules.Repeat(new GrammarNode.Class(CodePointSet.Raw), 0, KeyLength - depth - 1)
                )
            );
        }

        return rules.Share("key", GrammarNode.OneOf(options));
    }
}
