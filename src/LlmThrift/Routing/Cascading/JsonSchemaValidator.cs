using System.Text.Json;
using System.Text.RegularExpressions;

namespace LlmThrift.Routing;

/// <summary>
/// Validates JSON against the part of JSON Schema (draft 2020-12) that schemas for models are made of: types, properties, items, enumerations, bounds, lengths, patterns,
/// combinations, and references within the schema. What it does not know it lets pass.
/// </summary>
internal static class JsonSchemaValidator
{
    /// <summary>A schema that refers to itself without end is cut off here.</summary>
    private const int MaxDepth = 64;

    private static readonly TimeSpan PatternTimeout = TimeSpan.FromMilliseconds(100);

    public static bool IsValid(JsonElement value, JsonElement schema) => IsValid(value, schema, schema, 0);

    private static bool IsValid(JsonElement value, JsonElement schema, JsonElement root, int depth)
    {
        if (schema.ValueKind is JsonValueKind.True or JsonValueKind.False)
        {
            return schema.ValueKind == JsonValueKind.True;
        }

        if (schema.ValueKind != JsonValueKind.Object || depth > MaxDepth)
        {
            return true;
        }

        foreach (var keyword in schema.EnumerateObject())
        {
            if (!Meets(value, keyword.Name, keyword.Value, schema, root, depth + 1))
            {
                return false;
            }
        }

        return true;
    }

    private static bool Meets(JsonElement value, string keyword, JsonElement argument, JsonElement schema, JsonElement root, int depth) =>
        keyword switch
        {
            "$ref" => Resolve(argument, root) is not { } target || IsValid(value, target, root, depth),
            "type" => argument.ValueKind == JsonValueKind.Array
                ? argument.EnumerateArray().Any(type => IsOfType(value, type.GetString()))
                : IsOfType(value, argument.GetString()),
            "enum" => argument.EnumerateArray().Any(one => JsonElement.DeepEquals(one, value)),
            "const" => JsonElement.DeepEquals(argument, value),
            "allOf" => argument.EnumerateArray().All(one => IsValid(value, one, root, depth)),
            "anyOf" => argument.EnumerateArray().Any(one => IsValid(value, one, root, depth)),
            "oneOf" => argument.EnumerateArray().Count(one => IsValid(value, one, root, depth)) == 1,
            "not" => !IsValid(value, argument, root, depth),
            _ => value.ValueKind switch
            {
                JsonValueKind.Object => ObjectMeets(value, keyword, argument, schema, root, depth),
                JsonValueKind.Array => ArrayMeets(value, keyword, argument, schema, root, depth),
                JsonValueKind.String => TextMeets(value.GetString()!, keyword, argument),
                JsonValueKind.Number => NumberMeets(value.GetDouble(), keyword, argument),
                _ => true,
            },
        };

    private static bool ObjectMeets(
        JsonElement value,
        string keyword,
        JsonElement argument,
        JsonElement schema,
        JsonElement root,
        int depth
    ) =>
        keyword switch
        {
            "properties" => argument
                .EnumerateObject()
                .All(property => !value.TryGetProperty(property.Name, out var found) || IsValid(found, property.Value, root, depth)),
            "required" => argument.EnumerateArray().All(name => value.TryGetProperty(name.GetString()!, out _)),
            "additionalProperties" => value
                .EnumerateObject()
                .Where(property => !IsNamed(property.Name, schema))
                .All(property => IsValid(property.Value, argument, root, depth)),
            "minProperties" => value.GetPropertyCount() >= argument.GetInt32(),
            "maxProperties" => value.GetPropertyCount() <= argument.GetInt32(),
            _ => true,
        };

    private static bool ArrayMeets(JsonElement value, string keyword, JsonElement argument, JsonElement schema, JsonElement root, int depth)
    {
        var prefixed = schema.TryGetProperty("prefixItems", out var prefix) ? prefix.GetArrayLength() : 0;
        return keyword switch
        {
            "items" => value.EnumerateArray().Skip(prefixed).All(item => IsValid(item, argument, root, depth)),
            "prefixItems" => value
                .EnumerateArray()
                .Zip(argument.EnumerateArray())
                .All(pair => IsValid(pair.First, pair.Second, root, depth)),
            "minItems" => value.GetArrayLength() >= argument.GetInt32(),
            "maxItems" => value.GetArrayLength() <= argument.GetInt32(),
            "uniqueItems" when argument.ValueKind == JsonValueKind.True => value
                .EnumerateArray()
                .Select((item, i) => value.EnumerateArray().Take(i).All(earlier => !JsonElement.DeepEquals(earlier, item)))
                .All(isNew => isNew),
            "contains" => value.EnumerateArray().Any(item => IsValid(item, argument, root, depth)),
            _ => true,
        };
    }

    private static bool TextMeets(string text, string keyword, JsonElement argument) =>
        keyword switch
        {
            "minLength" => new System.Globalization.StringInfo(text).LengthInTextElements >= argument.GetInt32(),
            "maxLength" => new System.Globalization.StringInfo(text).LengthInTextElements <= argument.GetInt32(),
            "pattern" => Matches(text, argument.GetString()!),
            _ => true,
        };

    private static bool NumberMeets(double number, string keyword, JsonElement argument) =>
        keyword switch
        {
            "minimum" => number >= argument.GetDouble(),
            "maximum" => number <= argument.GetDouble(),
            "exclusiveMinimum" => number > argument.GetDouble(),
            "exclusiveMaximum" => number < argument.GetDouble(),
            "multipleOf" => Math.Abs((number / argument.GetDouble()) - Math.Round(number / argument.GetDouble())) < 1e-9,
            _ => true,
        };

    private static bool IsOfType(JsonElement value, string? type) =>
        type switch
        {
            "object" => value.ValueKind == JsonValueKind.Object,
            "array" => value.ValueKind == JsonValueKind.Array,
            "string" => value.ValueKind == JsonValueKind.String,
            "number" => value.ValueKind == JsonValueKind.Number,
            "integer" => value.ValueKind == JsonValueKind.Number && value.GetDouble() is var number && number == Math.Floor(number),
            "boolean" => value.ValueKind is JsonValueKind.True or JsonValueKind.False,
            "null" => value.ValueKind == JsonValueKind.Null,
            _ => true,
        };

    private static bool IsNamed(string name, JsonElement schema) =>
        (schema.TryGetProperty("properties", out var properties) && properties.TryGetProperty(name, out _))
        || (
            schema.TryGetProperty("patternProperties", out var patterns)
            && patterns.EnumerateObject().Any(pattern => Matches(name, pattern.Name))
        );

    private static bool Matches(string text, string pattern)
    {
        try
        {
            return Regex.IsMatch(text, pattern, RegexOptions.CultureInvariant, PatternTimeout);
        }
        catch (Exception exception) when (exception is ArgumentException or RegexMatchTimeoutException)
        {
            // A pattern of another dialect, or one that takes too long: not for the answer to pay for.
            return true;
        }
    }

    /// <summary>A reference such as <c>#/$defs/address</c>; null for one that leads elsewhere.</summary>
    private static JsonElement? Resolve(JsonElement reference, JsonElement root)
    {
        var path = reference.GetString();
        if (path is not ['#', ..])
        {
            return null;
        }

        var target = root;
        foreach (var step in path[1..].Split('/', StringSplitOptions.RemoveEmptyEntries))
        {
            var name = Uri.UnescapeDataString(step)
                .Replace("~1", "/", StringComparison.Ordinal)
                .Replace("~0", "~", StringComparison.Ordinal);
            if (target.ValueKind != JsonValueKind.Object || !target.TryGetProperty(name, out target))
            {
                return null;
            }
        }

        return target;
    }
}
