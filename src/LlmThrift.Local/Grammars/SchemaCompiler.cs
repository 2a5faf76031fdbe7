using System.Text.Json;

namespace LlmThrift.Local.Grammars;

/// <summary>Turns the shapes of schemas into the rules of a grammar: one rule for each schema, or set of schemas, that a value meets. Not thread-safe.</summary>
internal sealed class SchemaCompiler(SchemaReader reader, GrammarLimits limits, string prefix = "")
{
    private static readonly JsonElement True = JsonDocument.Parse("true").RootElement;
    private static readonly JsonElement False = JsonDocument.Parse("false").RootElement;
    private static readonly JsonElement Null = JsonDocument.Parse("null").RootElement;

    private readonly GrammarRules _rules = new(limits, prefix);
    private readonly Dictionary<string, GrammarNode.Rule> _compiled = new(StringComparer.Ordinal);
    private readonly Queue<(GrammarNode.Rule Rule, SchemaLocation[] Schemas)> _waiting = new();

    /// <summary>The grammar of the reader's schema.</summary>
    public string Compile()
    {
        var root = Compile([reader.Root]);

        // A queue rather than recursion: schemas of users may refer to each other at any depth.
        while (_waiting.TryDequeue(out var next))
        {
            _rules.Define(next.Rule, Value(reader.Read(next.Schemas)));
        }

        return _rules.ToText(root)
            ?? throw reader.Root.Error("schema", "no document meets it: it asks for what it excludes, or for itself without end.");
    }

    /// <summary>The grammar of any object.</summary>
    public string CompileAnyObject()
    {
        var root = _rules.Reserve("json");
        _rules.Define(root, AnyObject(limits.Depth));
        return _rules.ToText(root)!;
    }

    /// <summary>The rule of a value that meets some schemas. Its text comes later, so a schema may refer to itself.</summary>
    public GrammarNode.Rule Compile(IReadOnlyList<SchemaLocation> schemas)
    {
        var canonical = reader.Canonical(schemas);
        var key = string.Join('\n', canonical.Select(schema => schema.Pointer));
        if (canonical.Length == 0)
        {
            // No pointer is this, and an empty one is the whole schema's.
            key = "*";
        }

        if (!_compiled.TryGetValue(key, out var rule))
        {
            _compiled[key] = rule = _rules.Reserve("value");
            _waiting.Enqueue((rule, canonical));
        }

        return rule;
    }

    /// <summary>The values that meet some schemas, each once; null if they are not listed.</summary>
    public IReadOnlyList<JsonElement>? Values(IReadOnlyList<SchemaLocation> schemas)
    {
        var values = new List<JsonElement>();
        foreach (var shape in reader.Read(schemas))
        {
            if (shape.Values is null && (shape.Written & ~(SchemaTypes.Boolean | SchemaTypes.Null)) != SchemaTypes.None)
            {
                return null;
            }

            values.AddRange(shape.Values ?? []);
            if (shape.Values is null)
            {
                values.AddRange(shape.Written.HasFlag(SchemaTypes.Boolean) ? [True, False] : []);
                values.AddRange(shape.Written.HasFlag(SchemaTypes.Null) ? [Null] : []);
            }

            CheckCount(values, shape);
        }

        return [.. values.Where((value, i) => !values.Take(i).Any(earlier => JsonElement.DeepEquals(earlier, value)))];
    }

    private void CheckCount(List<JsonElement> values, SchemaShape shape)
    {
        if (values.Count > limits.Values)
        {
            throw new UnsupportedSchemaException("enum", shape.Pointer, $"more than {limits.Values} values. List fewer.");
        }
    }

    private GrammarNode Value(IReadOnlyList<SchemaShape> shapes)
    {
        if (shapes.Any(shape => shape.IsAny))
        {
            return AnyValue(limits.Depth);
        }

        var options = new List<GrammarNode>();
        var values = new List<JsonElement>();
        foreach (var shape in shapes)
        {
            if (shape.Values is null)
            {
                options.AddRange(OfTypes(shape));
            }
            else
            {
                values.AddRange(shape.Values);
                CheckCount(values, shape);
            }
        }

        options.Add(LiteralTrie.Build(values.Select(JsonText.Of)));
        return GrammarNode.OneOf(options);
    }

    private IEnumerable<GrammarNode> OfTypes(SchemaShape shape)
    {
        if (shape.Written.HasFlag(SchemaTypes.Object))
        {
            yield return IsAnyObject(shape) ? AnyObject(limits.Depth) : ObjectGrammar.Build(shape, this, _rules, limits);
        }

        if (shape.Written.HasFlag(SchemaTypes.Array))
        {
            yield return ArrayGrammar.Build(shape, this, _rules, limits);
        }

        if (shape.Written.HasFlag(SchemaTypes.String))
        {
            yield return StringGrammar.Build(shape, _rules, limits);
        }

        if (shape.Written.HasFlag(SchemaTypes.Number))
        {
            yield return _rules.Share("number", NumberGrammar.Build(shape, limits));
        }

        if (shape.Written.HasFlag(SchemaTypes.Boolean))
        {
            yield return GrammarNode.OneOf(GrammarNode.Text("true"), GrammarNode.Text("false"));
        }

        if (shape.Written.HasFlag(SchemaTypes.Null))
        {
            yield return GrammarNode.Text("null");
        }
    }

    private static bool IsAnyObject(SchemaShape shape) =>
        shape is { Properties: [], Required: [], Additional: [], MinProperties: 0, MaxProperties: null };

    private GrammarNode AnyValue(int depth)
    {
        var scalar = _rules.Share(
            "scalar",
            GrammarNode.OneOf(
                StringGrammar.Any(_rules, limits),
                _rules.Share("number", NumberGrammar.AnyNumber()),
                GrammarNode.Text("true"),
                GrammarNode.Text("false"),
                GrammarNode.Text("null")
            )
        );
        return depth == 0 ? scalar : _rules.Share("any", GrammarNode.OneOf(scalar, AnyObject(depth), AnyArray(depth)));
    }

    private GrammarNode AnyObject(int depth)
    {
        var key = GrammarNode.Join(GrammarNode.Text("\""), ObjectGrammar.Key([], _rules), GrammarNode.Text("\""));
        return Listed("any-object", "{", ObjectGrammar.Member(key, AnyValue(depth - 1), _rules), "}");
    }

    private GrammarNode AnyArray(int depth) => Listed("any-array", "[", AnyValue(depth - 1), "]");

    /// <summary>The same between brackets, several times or not at all.</summary>
    private GrammarNode Listed(string hint, string open, GrammarNode item, string close)
    {
        var next = _rules.Share("next", GrammarNode.Join(ChainGrammar.Separator(1, _rules), item));
        var all = _rules.Share("list", GrammarNode.Join(item, _rules.Repeat(next, 0, limits.Items - 1)));
        return _rules.Share(hint, GrammarNode.Join(GrammarNode.Text(open), GrammarNode.Optional(all), GrammarNode.Text(close)));
    }
}
