using System.Text.Json;

namespace LlmThrift.Local.Grammars;

/// <summary>Reads schemas into shapes: follows references, and resolves <c>allOf</c>, <c>anyOf</c> and <c>oneOf</c>. Not thread-safe.</summary>
internal sealed class SchemaReader(JsonElement root, GrammarLimits limits)
{
    /// <summary>References and combinations within each other, without a property or an item between them.</summary>
    private const int MaxNesting = 64;

    /// <summary>How far it is looked into properties for two alternatives to exclude each other.</summary>
    private const int MaxLookAhead = 3;

    private static readonly Dictionary<string, string> Inexpressible = new(StringComparer.Ordinal)
    {
        ["not"] = "say what is allowed instead, such as with 'enum' or a narrower 'type'.",
        ["if"] = "write the cases as alternatives of 'anyOf'.",
        ["then"] = "write the cases as alternatives of 'anyOf'.",
        ["else"] = "write the cases as alternatives of 'anyOf'.",
        ["patternProperties"] = "name the properties in 'properties', or use 'additionalProperties'.",
        ["propertyNames"] = "name the properties in 'properties'.",
        ["contains"] = "describe all items with 'items' or 'prefixItems'.",
        ["minContains"] = "describe all items with 'items' or 'prefixItems'.",
        ["maxContains"] = "describe all items with 'items' or 'prefixItems'.",
        ["unevaluatedItems"] = "use 'items'.",
        ["dependencies"] = "write the cases as alternatives of 'anyOf'.",
        ["dependentRequired"] = "write the cases as alternatives of 'anyOf'.",
        ["dependentSchemas"] = "write the cases as alternatives of 'anyOf'.",
        ["$dynamicRef"] = "use '$ref'.",
        ["$recursiveRef"] = "use '$ref'.",
    };

    /// <summary>What may stand beside a reference without changing what it allows.</summary>
    private static readonly HashSet<string> Annotations = new(StringComparer.Ordinal)
    {
        "title",
        "description",
        "default",
        "examples",
        "example",
        "deprecated",
        "readOnly",
        "writeOnly",
        "$comment",
        "$defs",
        "definitions",
    };

    private readonly Dictionary<string, IReadOnlyList<SchemaShape>> _read = new(StringComparer.Ordinal);
    private int _lookAhead;

    public SchemaLocation Root { get; } = new(root, "");

    /// <summary>The alternatives of a value that meets several schemas at once. None if no value does.</summary>
    public IReadOnlyList<SchemaShape> Read(IReadOnlyList<SchemaLocation> schemas)
    {
        IReadOnlyList<SchemaShape> shapes = [SchemaShape.Any];
        foreach (var schema in schemas)
        {
            shapes = Product(shapes, Read(schema, []), schema);
        }

        return shapes;
    }

    /// <summary>The same schemas with bare references followed, in order: what is equal by this needs one rule only.</summary>
    public SchemaLocation[] Canonical(IReadOnlyList<SchemaLocation> schemas)
    {
        var targets = new SortedDictionary<string, SchemaLocation>(StringComparer.Ordinal);
        foreach (var schema in schemas)
        {
            var target = schema;
            for (var i = 0; i < MaxNesting && IsBareReference(target.Schema); i++)
            {
                target = Resolve(target);
            }

            targets[target.Pointer] = target;
        }

        return [.. targets.Values];
    }

    private static bool IsBareReference(JsonElement schema) =>
        schema.ValueKind == JsonValueKind.Object
        && schema.TryGetProperty("$ref", out _)
        && schema.EnumerateObject().All(one => one.NameEquals("$ref") || Annotations.Contains(one.Name));

    private IReadOnlyList<SchemaShape> Read(SchemaLocation at, HashSet<string> path)
    {
        if (at.Schema.ValueKind is JsonValueKind.True or JsonValueKind.False)
        {
            return at.Schema.ValueKind == JsonValueKind.True ? [SchemaShape.Any] : [];
        }

        if (at.Schema.ValueKind != JsonValueKind.Object)
        {
            throw at.Error("schema", $"a schema is an object or a boolean, but this is {KindOf(at.Schema)}.");
        }

        if (_read.TryGetValue(at.Pointer, out var known))
        {
            return known;
        }

        if (!path.Add(at.Pointer) || path.Count > MaxNesting)
        {
            throw at.Error(
                "$ref",
                "it leads back to itself, or through too many others, without a property or an item between. Remove the circle."
            );
        }

        foreach (var keyword in at.Schema.EnumerateObject())
        {
            if (Inexpressible.TryGetValue(keyword.Name, out var way))
            {
                throw at.Error(keyword.Name, "a grammar cannot express it: " + way);
            }
        }

        IReadOnlyList<SchemaShape> shapes = Product([SchemaShape.Any], [KeywordReader.Read(at)], at);
        if (at.Schema.TryGetProperty("$ref", out _))
        {
            shapes = Product(shapes, Read(Resolve(at), path), at);
        }

        foreach (var part in Parts(at, "allOf"))
        {
            shapes = Product(shapes, Read(part, path), at);
        }

        var options = Parts(at, "anyOf");
        if (options.Count > 0)
        {
            shapes = Product(shapes, [.. options.SelectMany(option => Read(option, path))], at);
        }

        options = Parts(at, "oneOf");
        if (options.Count > 0)
        {
            var alternatives = options.Select(option => Read(option, path)).ToArray();
            // Only the types that each speaks of are written, so that one which gives no type does not overlap with all others.
            var written = alternatives.Select(all => all.Select(shape => shape with { Types = shape.Written }).ToArray()).ToArray();
            CheckExclusive(shapes, written, alternatives, at);
            shapes = Product(shapes, [.. written.SelectMany(alternative => alternative)], at);
        }

        shapes = Close(shapes, at);
        path.Remove(at.Pointer);
        _read[at.Pointer] = shapes;
        return shapes;
    }

    /// <summary>Applies <c>unevaluatedProperties</c>, by when all that the schema itself evaluates is known.</summary>
    private static IReadOnlyList<SchemaShape> Close(IReadOnlyList<SchemaShape> shapes, SchemaLocation at)
    {
        if (!at.Schema.TryGetProperty("unevaluatedProperties", out var schema) || schema.ValueKind == JsonValueKind.True)
        {
            return shapes;
        }

        if (schema.ValueKind != JsonValueKind.False)
        {
            throw at.Error("unevaluatedProperties", "a grammar cannot express it: use 'additionalProperties', or 'false'.");
        }

        return
        [
            .. shapes.Select(shape =>
                shape.Additional.Count > 0
                    ? shape
                    : shape with
                    {
                        Additional = [at.At("unevaluatedProperties")],
                        Hints = shape.Hints | SchemaTypes.Object,
                    }
            ),
        ];
    }

    private static List<SchemaLocation> Parts(SchemaLocation at, string keyword)
    {
        if (!at.Schema.TryGetProperty(keyword, out var parts))
        {
            return [];
        }

        if (parts.ValueKind != JsonValueKind.Array || parts.GetArrayLength() == 0)
        {
            throw at.Error(keyword, "it must be an array of at least one schema.");
        }

        var list = at.At(keyword);
        return
        [
            .. parts.EnumerateArray().Select((part, i) => list.Child(i.ToString(System.Globalization.CultureInfo.InvariantCulture), part)),
        ];
    }

    /// <summary>What meets one of several shapes and one of several others.</summary>
    private List<SchemaShape> Product(IReadOnlyList<SchemaShape> ones, IReadOnlyList<SchemaShape> twos, SchemaLocation at)
    {
        var product = new List<SchemaShape>();
        foreach (var one in ones)
        {
            foreach (var two in twos)
            {
                if (Combine(one, two) is { } both)
                {
                    product.Add(both);
                }

                if (product.Count > limits.Alternatives)
                {
                    throw at.Error("anyOf", "the alternatives combine in too many ways. Use fewer, or write out those that are meant.");
                }
            }
        }

        return product;
    }

    /// <summary>Both shapes at once; null if no value can be.</summary>
    private SchemaShape? Combine(SchemaShape one, SchemaShape two)
    {
        var both =
            ReferenceEquals(one, SchemaShape.Any) ? two
            : ReferenceEquals(two, SchemaShape.Any) ? one
            : one.And(two);
        if (both.Values is { } values)
        {
            var checker = new ValueChecker(this);
            both = both with { Values = [.. values.Where(value => checker.Meets(value, both))] };
            return both.Values.Count == 0 ? null : both;
        }

        both = both with { Types = both.Types & ~ImpossibleTypes(both) };
        return both.Types == SchemaTypes.None ? null : both;
    }

    /// <summary>The types of which no value meets the shape.</summary>
    private SchemaTypes ImpossibleTypes(SchemaShape shape)
    {
        var impossible = SchemaTypes.None;
        if (shape.Minimum is { } low && shape.Maximum is { } high)
        {
            var order = low.ComparedTo(high);
            impossible |=
                order > 0 || (order == 0 && (shape.IsMinimumExcluded || shape.IsMaximumExcluded)) ? SchemaTypes.Number : SchemaTypes.None;
        }

        impossible |= shape.MinLength > shape.MaxLength ? SchemaTypes.String : SchemaTypes.None;
        impossible |= shape.MinItems > shape.MaxItems ? SchemaTypes.Array : SchemaTypes.None;
        impossible |=
            shape.MinProperties > shape.MaxProperties || shape.Required.Any(name => IsImpossible(shape.PropertyOf(name)))
                ? SchemaTypes.Object
                : SchemaTypes.None;
        return impossible;
    }

    /// <summary>Whether no value meets all of the schemas, as far as it shows at once.</summary>
    private bool IsImpossible(IReadOnlyList<SchemaLocation> schemas)
    {
        if (schemas.Any(one => one.Schema.ValueKind == JsonValueKind.False))
        {
            return true;
        }

        if (schemas.Count < 2 || _lookAhead >= MaxLookAhead)
        {
            return false;
        }

        _lookAhead++;
        try
        {
            return Read(schemas).Count == 0;
        }
        finally
        {
            _lookAhead--;
        }
    }

    /// <summary>Refuses alternatives of which a value that is written for one could meet another.</summary>
    private void CheckExclusive(
        IReadOnlyList<SchemaShape> shapes,
        SchemaShape[][] written,
        IReadOnlyList<SchemaShape>[] alternatives,
        SchemaLocation at
    )
    {
        for (var i = 0; i < alternatives.Length; i++)
        {
            for (var k = 0; k < alternatives.Length; k++)
            {
                if (i != k && Product(shapes, Product(written[i], alternatives[k], at), at).Count > 0)
                {
                    throw at.Error(
                        "oneOf",
                        $"a value could meet alternatives {i} and {k} both, which a grammar cannot rule out. Use 'anyOf', or tell them apart by 'type', by 'const' or 'enum', or by a required property with another 'const' in each."
                    );
                }
            }
        }
    }

    private SchemaLocation Resolve(SchemaLocation at)
    {
        var reference = at.Schema.GetProperty("$ref");
        if (reference.ValueKind != JsonValueKind.String)
        {
            throw at.Error("$ref", "it must be a string.");
        }

        var path = reference.GetString()!;
        if (path != "#" && !path.StartsWith("#/", StringComparison.Ordinal))
        {
            throw at.Error(
                "$ref",
                $"'{path}' leads out of the schema or to an anchor. Put what it refers to under '$defs' and write '#/$defs/…'."
            );
        }

        var target = Root;
        foreach (var step in path.Split('/').Skip(1))
        {
            var name = Uri.UnescapeDataString(step)
                .Replace("~1", "/", StringComparison.Ordinal)
                .Replace("~0", "~", StringComparison.Ordinal);
            if (target.Schema.ValueKind == JsonValueKind.Object && target.Schema.TryGetProperty(name, out var member))
            {
                target = target.Child(name, member);
            }
            else if (
                target.Schema.ValueKind == JsonValueKind.Array
                && int.TryParse(
                    name,
                    System.Globalization.NumberStyles.None,
                    System.Globalization.CultureInfo.InvariantCulture,
                    out var index
                )
                && index < target.Schema.GetArrayLength()
            )
            {
                target = target.Child(name, target.Schema[index]);
            }
            else
            {
                throw at.Error("$ref", $"there is nothing at '{path}'. Add it, or correct the reference.");
            }
        }

        return target;
    }

    private static string KindOf(JsonElement element) =>
        element.ValueKind switch
        {
            JsonValueKind.Array => "an array",
            JsonValueKind.String => "a string",
            JsonValueKind.Number => "a number",
            JsonValueKind.Null => "null",
            _ => "nothing",
        };
}
