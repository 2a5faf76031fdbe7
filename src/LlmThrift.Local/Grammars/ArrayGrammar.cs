namespace LlmThrift.Local.Grammars;

/// <summary>Arrays: first items each of its kind, then others alike.</summary>
internal static class ArrayGrammar
{
    /// <summary>Up to so many different values come in any order; more come in the order of the schema, since the orders would be too many rules.</summary>
    private const int MostInAnyOrder = 6;

    public static GrammarNode Build(SchemaShape shape, SchemaCompiler compiler, GrammarRules rules, GrammarLimits limits)
    {
        var min = shape.MinItems;
        if (min > limits.MostItems)
        {
            throw new UnsupportedSchemaException(
                "minItems",
                shape.Pointer,
                $"an array has at most {limits.MostItems} items here. Ask for fewer."
            );
        }

        var prefix = shape.Prefix.Count;
        var max = shape.MaxItems is { } given
            ? Math.Min(given, limits.MostItems)
            : Math.Max(
                Math.Max(prefix, min),
                prefix > 0 && shape.Items.Count == 0 ? 0 : Math.Max(limits.Items, Math.Min(2 * min, limits.MostItems))
            );
        if (shape.Items.Count == 0 && prefix > 0)
        {
            // As with properties: what the schema does not speak of is written only if it has to be.
            max = Math.Min(max, Math.Max(prefix, min));
        }

        if (shape.UniqueItems && max > 1)
        {
            return Unique(shape, max, compiler, rules);
        }

        var (open, close) = (GrammarNode.Text("["), GrammarNode.Text("]"));
        var body = Rest(shape, min, max, compiler, rules);
        for (var i = Math.Min(prefix, max) - 1; i >= 0; i--)
        {
            body = GrammarNode.Join(ChainGrammar.Separator(i, rules), compiler.Compile(shape.Prefix[i]), body);
            body = i >= min ? GrammarNode.Optional(rules.Share("items", body)) : body;
        }

        return rules.Share("array", GrammarNode.Join(open, body, close));
    }

    /// <summary>The items after the first ones.</summary>
    private static GrammarNode Rest(SchemaShape shape, int min, int max, SchemaCompiler compiler, GrammarRules rules)
    {
        var prefix = shape.Prefix.Count;
        if (max <= prefix)
        {
            return GrammarNode.Empty;
        }

        var item = compiler.Compile(shape.Items);
        var next = rules.Share("item", GrammarNode.Join(ChainGrammar.Separator(1, rules), item));
        if (prefix > 0)
        {
            return rules.Repeat(next, Math.Max(0, min - prefix), max - prefix);
        }

        var all = GrammarNode.Join(item, rules.Repeat(next, Math.Max(0, min - 1), max - 1));
        return min == 0 ? GrammarNode.Optional(rules.Share("items", all)) : all;
    }

    private static GrammarNode Unique(SchemaShape shape, int max, SchemaCompiler compiler, GrammarRules rules)
    {
        var values = shape.Prefix.Count == 0 ? compiler.Values(shape.Items) : null;
        if (values is null)
        {
            throw new UnsupportedSchemaException(
                "uniqueItems",
                shape.Pointer,
                "a grammar cannot tell whether items are different, unless they are those of an 'enum'. Leave it out, give the items an 'enum', or set 'maxItems' to 1."
            );
        }

        var nodes = values.Select(value => GrammarNode.Text(JsonText.Of(value))).ToArray();
        var end = GrammarNode.Text("]");
        if (nodes.Length <= MostInAnyOrder)
        {
            return rules.Share("array", GrammarNode.Join(GrammarNode.Text("["), InAnyOrder(nodes, 0, 0, shape.MinItems, max, rules)));
        }

        var most = max >= nodes.Length ? int.MaxValue : max;
        var chain = ChainGrammar.Build(
            [.. nodes.Select(node => (node, false))],
            shape.MinItems,
            most,
            count => count >= shape.MinItems ? end : GrammarNode.Never,
            rules,
            "unique"
        );
        return rules.Share("array", GrammarNode.Join(GrammarNode.Text("["), chain));
    }

    /// <summary>What may come after some of the values: the end, or one that has not been.</summary>
    private static GrammarNode InAnyOrder(GrammarNode[] nodes, int taken, int count, int min, int max, GrammarRules rules)
    {
        var options = new List<GrammarNode>();
        if (count >= min)
        {
            options.Add(GrammarNode.Text("]"));
        }

        for (var i = 0; count < max && i < nodes.Length; i++)
        {
            if ((taken & (1 << i)) == 0)
            {
                var rest = InAnyOrder(nodes, taken | (1 << i), count + 1, min, max, rules);
                options.Add(GrammarNode.Join(ChainGrammar.Separator(count, rules), nodes[i], rest));
            }
        }

        return rules.Share("unique", GrammarNode.OneOf(options));
    }
}
