using System.Text.Json;
using System.Text.Json.Nodes;

namespace LlmThrift.Local.Tests.Grammars;

/// <summary>Makes schemas by chance: nesting, optional properties, enumerations, bounds, patterns, formats, alternatives, references with recursion.</summary>
internal sealed class RandomSchemas(int seed)
{
    private static readonly string[] Names =
    [
        "id",
        "name",
        "na",
        "a\"b",
        "größe",
        "items list",
        "x",
        "value",
        "kind",
        "tag",
        "😀",
        "zip/code~1",
    ];
    private static readonly string[] Patterns =
    [
        "^[A-Z]{2,4}-\\d{3}$",
        "^(red|green|blue)( light)?$",
        "^\\+?[0-9]{5,12}$",
        "^https://",
        "^[^\\s]{1,8}$",
        "^-?(\\d+\\.)?\\d{2}:\\d{2}:\\d{2}(\\.\\d{1,7})?$",
        "[a-z]+\\\\[\"\\w]*",
        "^.{2,5}$",
        "^a|b$",
    ];
    private static readonly string[] Formats = ["date", "time", "date-time", "uuid", "email", "uri", "ipv4", "hostname"];

    private readonly Random _random = new(seed);
    private readonly List<string> _definitions = [];

    public JsonElement Next()
    {
        _definitions.Clear();
        var count = _random.Next(4);
        for (var i = 0; i < count; i++)
        {
            _definitions.Add($"d{i}");
        }

        var schema = Object(3);
        if (count > 0)
        {
            var definitions = new JsonObject();
            foreach (var name in _definitions)
            {
                // Objects, so that a definition that refers to itself does so through a property, and optional ones, so that it ends.
                definitions[name] = Object(2, allOptional: true);
            }

            schema["$defs"] = definitions;
        }

        return JsonSerializer.SerializeToElement(schema);
    }

    private bool Chance(int percent) => _random.Next(100) < percent;

    private T Pick<T>(IReadOnlyList<T> list) => list[_random.Next(list.Count)];

    private JsonObject Schema(int depth)
    {
        if (_definitions.Count > 0 && Chance(15))
        {
            return new JsonObject { ["$ref"] = $"#/$defs/{Pick(_definitions)}" };
        }

        return _random.Next(depth > 0 ? 14 : 9) switch
        {
            0 => new JsonObject { ["type"] = "boolean" },
            1 => Integer(),
            2 => Number(),
            3 or 4 => Text(),
            5 => Values(),
            6 => new JsonObject { ["type"] = new JsonArray("null", Pick(["string", "integer", "boolean", "number"])) },
            7 => new JsonObject
            {
                ["const"] = Pick<Func<JsonNode?>>([
                    () => "fix\n\"ed\"",
                    () => 12.50m,
                    () => null,
                    () => new JsonArray(1, "ü", new JsonObject { ["k"] = true }),
                ])(),
            },
            8 => Chance(20) ? [] : Text(),
            9 or 10 => Object(depth - 1),
            11 or 12 => Array(depth - 1),
            _ => Alternatives(depth - 1),
        };
    }

    private JsonObject Integer()
    {
        var schema = new JsonObject { ["type"] = "integer" };
        var low = Chance(50) ? _random.Next(-200, 200) : _random.NextInt64(-5_000_000_000, 5_000_000_000);
        if (Chance(70))
        {
            schema[Chance(70) ? "minimum" : "exclusiveMinimum"] = low;
        }

        if (Chance(70))
        {
            schema[Chance(70) ? "maximum" : "exclusiveMaximum"] = low + 2 + _random.Next(Chance(50) ? 30 : 100_000);
        }

        if (Chance(20))
        {
            schema["multipleOf"] = Pick([1, 10]);
            schema.Remove("exclusiveMinimum");
            schema.Remove("minimum");
        }

        if (Chance(10))
        {
            return new JsonObject
            {
                ["type"] = "integer",
                ["minimum"] = 0,
                ["maximum"] = 100,
                ["multipleOf"] = 7,
            };
        }

        return schema;
    }

    private JsonObject Number()
    {
        var schema = new JsonObject { ["type"] = "number" };
        var low = Chance(50) ? _random.Next(-20, 20) : decimal.Round((decimal)((_random.NextDouble() * 200) - 100), _random.Next(4));
        if (Chance(60))
        {
            schema[Chance(50) ? "minimum" : "exclusiveMinimum"] = low;
        }

        if (Chance(60))
        {
            schema[Chance(50) ? "maximum" : "exclusiveMaximum"] = low + (Chance(50) ? 1 : 0.125m) + _random.Next(30);
        }

        if (Chance(20))
        {
            schema["multipleOf"] = 0.01m;
        }

        return schema;
    }

    private JsonObject Text()
    {
        var schema = new JsonObject { ["type"] = "string" };
        switch (_random.Next(4))
        {
            case 0:
                schema["pattern"] = Pick(Patterns);
                break;
            case 1:
                schema["format"] = Pick(Formats);
                break;
            default:
                var least = _random.Next(6);
                if (Chance(50))
                {
                    schema["minLength"] = least;
                }

                if (Chance(60))
                {
                    schema["maxLength"] = least + _random.Next(20);
                }

                break;
        }

        return schema;
    }

    private JsonObject Values()
    {
        var values = new JsonArray();
        foreach (var i in Enumerable.Range(0, _random.Next(1, 9)))
        {
            values.Add(
                _random.Next(6) switch
                {
                    0 => i,
                    1 => null,
                    2 => "with \\ and \"",
                    3 => "com" + i,
                    _ => "common" + (char)('a' + i),
                }
            );
        }

        return new JsonObject { ["enum"] = values };
    }

    private JsonObject Object(int depth, bool allOptional = false)
    {
        var properties = new JsonObject();
        var required = new JsonArray();
        foreach (var name in Names.OrderBy(_ => _random.Next()).Take(_random.Next(allOptional ? 1 : 0, 6)))
        {
            properties[name] = Schema(depth);
            if (!allOptional && Chance(50))
            {
                required.Add(name);
            }
        }

        var schema = new JsonObject { ["type"] = "object", ["properties"] = properties };
        if (required.Count > 0)
        {
            schema["required"] = required.DeepClone();
        }

        if (Chance(30))
        {
            schema["additionalProperties"] = Chance(50) ? false : Schema(0);
        }

        if (Chance(10) && properties.Count > required.Count)
        {
            schema["maxProperties"] = properties.Count - 1;
        }

        if (Chance(10))
        {
            schema["minProperties"] = _random.Next(properties.Count + 1);
        }

        return schema;
    }

    private JsonObject Array(int depth)
    {
        var schema = new JsonObject { ["type"] = "array" };
        if (Chance(25))
        {
            schema["prefixItems"] = new JsonArray([.. Enumerable.Range(0, _random.Next(1, 4)).Select(_ => (JsonNode)Schema(depth))]);
        }

        if (Chance(75))
        {
            schema["items"] = Schema(depth);
        }

        var least = _random.Next(4);
        if (Chance(50))
        {
            schema["minItems"] = least;
        }

        if (Chance(50))
        {
            schema["maxItems"] = least + _random.Next(5);
        }

        if (Chance(15))
        {
            var count = _random.Next(1, 10);
            return new JsonObject
            {
                ["type"] = "array",
                ["items"] = new JsonObject { ["enum"] = new JsonArray([.. Enumerable.Range(0, count).Select(i => (JsonNode)("v" + i))]) },
                ["uniqueItems"] = true,
                ["minItems"] = _random.Next(count + 1),
            };
        }

        return schema;
    }

    private JsonObject Alternatives(int depth)
    {
        switch (_random.Next(4))
        {
            case 0:
                return new JsonObject { ["anyOf"] = new JsonArray(Schema(depth), Schema(depth), Schema(depth)) };
            case 1:
                return new JsonObject { ["oneOf"] = new JsonArray(Integer(), Text(), Object(depth), new JsonObject { ["type"] = "null" }) };
            case 2:
                var (cat, dog) = (Object(depth), Object(depth));
                Tell(cat, "cat");
                Tell(dog, "dog");
                return new JsonObject { ["oneOf"] = new JsonArray(cat, dog) };
            default:
                var (one, two) = (Object(depth), Object(depth));
                foreach (var schema in new[] { one, two })
                {
                    schema.Remove("additionalProperties");
                    schema.Remove("minProperties");
                    schema.Remove("maxProperties");
                }

                // The same name twice would have to meet both schemas, which by chance contradict.
                foreach (var name in one["properties"]!.AsObject().Select(property => property.Key).ToArray())
                {
                    two["properties"]!.AsObject().Remove(name);
                }

                return new JsonObject { ["allOf"] = new JsonArray(one, two) };
        }
    }

    private static void Tell(JsonObject schema, string kind)
    {
        schema["properties"]!["kind"] = new JsonObject { ["const"] = kind };
        var required = schema["required"]?.AsArray() ?? [];
        if (!required.Any(name => name!.GetValue<string>() == "kind"))
        {
            required.Add("kind");
        }

        schema.Remove("minProperties");
        schema.Remove("maxProperties");
        schema["required"] = required.DeepClone();
    }
}
