using System.Text.Json;

namespace LlmThrift.Local.Grammars;

/// <summary>Reads a schema's own keywords, without references and combinations, and says what is malformed.</summary>
internal static class KeywordReader
{
    public static SchemaShape Read(SchemaLocation at)
    {
        var shape = SchemaShape.Any with { Pointer = at.Pointer };
        foreach (var keyword in at.Schema.EnumerateObject())
        {
            shape = Read(shape, keyword.Name, keyword.Value, at);
        }

        return shape;
    }

    private static SchemaShape Read(SchemaShape shape, string keyword, JsonElement argument, SchemaLocation at) =>
        keyword switch
        {
            "type" => ReadType(shape, argument, at),
            "nullable" => shape,
            "enum" => shape with { Values = [.. Elements(argument, keyword, at)] },
            "const" => shape with { Values = [.. shape.Values?.Where(one => JsonElement.DeepEquals(one, argument)) ?? [argument]] },
            "minimum" or "exclusiveMinimum" => ReadMinimum(shape, keyword, argument, at),
            "maximum" or "exclusiveMaximum" => ReadMaximum(shape, keyword, argument, at),
            "multipleOf" => Hint(shape with { MultipleOf = Positive(argument, keyword, at) }, SchemaTypes.Number),
            "minLength" => Hint(shape with { MinLength = Count(argument, keyword, at) }, SchemaTypes.String),
            "maxLength" => Hint(shape with { MaxLength = Count(argument, keyword, at) }, SchemaTypes.String),
            "pattern" => Hint(shape with { Patterns = [Text(argument, keyword, at)] }, SchemaTypes.String),
            "format" => ReadFormat(shape, Text(argument, keyword, at)),
            "minItems" => Hint(shape with { MinItems = Count(argument, keyword, at) }, SchemaTypes.Array),
            "maxItems" => Hint(shape with { MaxItems = Count(argument, keyword, at) }, SchemaTypes.Array),
            "uniqueItems" => Hint(shape with { UniqueItems = Flag(argument, keyword, at) }, SchemaTypes.Array),
            "prefixItems" => Hint(shape with { Prefix = Prefix(argument, keyword, at) }, SchemaTypes.Array),
            "items" when argument.ValueKind == JsonValueKind.Array => Hint(
                shape with
                {
                    Prefix = Prefix(argument, keyword, at),
                },
                SchemaTypes.Array
            ),
            "items" => Hint(shape with { Items = [at.At(keyword)] }, SchemaTypes.Array),
            // Drafts up to 2019-09 have an array under "items", and what comes after it here.
            "additionalItems" when at.Schema.TryGetProperty("items", out var items) && items.ValueKind == JsonValueKind.Array => shape with
            {
                Items = [at.At(keyword)],
            },
            "properties" => Hint(shape with { Properties = Properties(argument, at) }, SchemaTypes.Object),
            "required" => Hint(shape with { Required = Names(argument, keyword, at) }, SchemaTypes.Object),
            "additionalProperties" => Hint(
                shape with
                {
                    Additional = [at.At(keyword)],
                    IsAdditionalWanted = argument.ValueKind != JsonValueKind.False,
                },
                SchemaTypes.Object
            ),
            "minProperties" => Hint(shape with { MinProperties = Count(argument, keyword, at) }, SchemaTypes.Object),
            "maxProperties" => Hint(shape with { MaxProperties = Count(argument, keyword, at) }, SchemaTypes.Object),
            _ => shape,
        };

    private static SchemaShape Hint(SchemaShape shape, SchemaTypes types) => shape with { Hints = shape.Hints | types };

    private static SchemaShape ReadType(SchemaShape shape, JsonElement argument, SchemaLocation at)
    {
        var names = argument.ValueKind == JsonValueKind.Array ? Names(argument, "type", at) : [Text(argument, "type", at)];
        if (names.Count == 0)
        {
            throw at.Error("type", "it names no type. Name one, or leave it out.");
        }

        var types =
            at.Schema.TryGetProperty("nullable", out var nullable) && nullable.ValueKind == JsonValueKind.True
                ? SchemaTypes.Null
                : SchemaTypes.None;
        foreach (var name in names)
        {
            types |= name switch
            {
                "null" => SchemaTypes.Null,
                "boolean" => SchemaTypes.Boolean,
                "integer" or "number" => SchemaTypes.Number,
                "string" => SchemaTypes.String,
                "array" => SchemaTypes.Array,
                "object" => SchemaTypes.Object,
                _ => throw at.Error("type", $"'{name}' is no type. Use null, boolean, integer, number, string, array or object."),
            };
        }

        return shape with
        {
            Types = types,
            // Seven names, six types: an integer is a number that asks more.
            IntegersOnly = names.Contains("integer", StringComparer.Ordinal) && !names.Contains("number", StringComparer.Ordinal),
            // All types given by name are given, too.
            Hints = types == SchemaTypes.All ? SchemaTypes.All : shape.Hints,
        };
    }

    private static SchemaShape ReadFormat(SchemaShape shape, string format) =>
        format switch
        {
            "int32" => shape.And(Between(int.MinValue, int.MaxValue)),
            "int64" => shape.And(Between(long.MinValue, long.MaxValue)),
            _ when StringFormats.IsKnown(format) => Hint(shape with { Formats = [format] }, SchemaTypes.String),
            // Others are annotations, as the specification has it.
            _ => shape,
        };

    private static SchemaShape Between(long low, long high) =>
        SchemaShape.Any with
        {
            Minimum = new ExactNumber(low),
            Maximum = new ExactNumber(high),
            Hints = SchemaTypes.Number,
        };

    private static SchemaShape ReadMinimum(SchemaShape shape, string keyword, JsonElement argument, SchemaLocation at)
    {
        var excluded = keyword != "minimum";
        if (excluded && argument.ValueKind is JsonValueKind.True or JsonValueKind.False)
        {
            // Draft 4: a switch that goes with "minimum".
            return argument.ValueKind == JsonValueKind.True && at.Schema.TryGetProperty("minimum", out var minimum)
                ? ReadMinimum(shape, keyword, minimum, at)
                : shape;
        }

        return shape.And(
            SchemaShape.Any with
            {
                Minimum = Number(argument, keyword, at),
                IsMinimumExcluded = excluded,
                Hints = SchemaTypes.Number,
            }
        );
    }

    private static SchemaShape ReadMaximum(SchemaShape shape, string keyword, JsonElement argument, SchemaLocation at)
    {
        var excluded = keyword != "maximum";
        if (excluded && argument.ValueKind is JsonValueKind.True or JsonValueKind.False)
        {
            return argument.ValueKind == JsonValueKind.True && at.Schema.TryGetProperty("maximum", out var maximum)
                ? ReadMaximum(shape, keyword, maximum, at)
                : shape;
        }

        return shape.And(
            SchemaShape.Any with
            {
                Maximum = Number(argument, keyword, at),
                IsMaximumExcluded = excluded,
                Hints = SchemaTypes.Number,
            }
        );
    }

    private static List<KeyValuePair<string, IReadOnlyList<SchemaLocation>>> Properties(JsonElement argument, SchemaLocation at)
    {
        if (argument.ValueKind != JsonValueKind.Object)
        {
            throw at.Error("properties", "it must be an object of schemas.");
        }

        var list = at.At("properties");
        var names = new HashSet<string>(StringComparer.Ordinal);
        var properties = new List<KeyValuePair<string, IReadOnlyList<SchemaLocation>>>();
        foreach (var property in argument.EnumerateObject())
        {
            if (!names.Add(property.Name))
            {
                throw at.Error("properties", $"'{property.Name}' is there twice. Keep one.");
            }

            properties.Add(new(property.Name, [list.Child(property.Name, property.Value)]));
        }

        return properties;
    }

    private static IReadOnlyList<SchemaLocation>[] Prefix(JsonElement argument, string keyword, SchemaLocation at)
    {
        var list = at.At(keyword);
        return
        [
            .. Elements(argument, keyword, at)
                .Select(
                    (item, i) =>
                        (IReadOnlyList<SchemaLocation>)[list.Child(i.ToString(System.Globalization.CultureInfo.InvariantCulture), item)]
                ),
        ];
    }

    private static JsonElement.ArrayEnumerator Elements(JsonElement argument, string keyword, SchemaLocation at) =>
        argument.ValueKind == JsonValueKind.Array ? argument.EnumerateArray() : throw at.Error(keyword, "it must be an array.");

    private static IReadOnlyList<string> Names(JsonElement argument, string keyword, SchemaLocation at) =>
        [.. Elements(argument, keyword, at).Select(name => Text(name, keyword, at))];

    private static string Text(JsonElement argument, string keyword, SchemaLocation at) =>
        argument.ValueKind == JsonValueKind.String ? argument.GetString()! : throw at.Error(keyword, "it must be a string, or strings.");

    private static bool Flag(JsonElement argument, string keyword, SchemaLocation at) =>
        argument.ValueKind is JsonValueKind.True or JsonValueKind.False
            ? argument.ValueKind == JsonValueKind.True
            : throw at.Error(keyword, "it must be true or false.");

    private static int Count(JsonElement argument, string keyword, SchemaLocation at)
    {
        var number = Number(argument, keyword, at);
        return number.Sign >= 0 && number.IsInteger
            ? (int)System.Numerics.BigInteger.Min(number.Floor, int.MaxValue)
            : throw at.Error(keyword, "it must be a whole number that is not negative.");
    }

    private static ExactNumber Positive(JsonElement argument, string keyword, SchemaLocation at) =>
        Number(argument, keyword, at) is { Sign: > 0 } number ? number : throw at.Error(keyword, "it must be greater than zero.");

    private static ExactNumber Number(JsonElement argument, string keyword, SchemaLocation at) =>
        argument.ValueKind == JsonValueKind.Number && ExactNumber.TryParse(argument.GetRawText(), out var number)
            ? number
            : throw at.Error(keyword, "it must be a number of at most 400 places.");
}
