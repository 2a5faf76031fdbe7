using System.Globalization;
using System.Numerics;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace LlmThrift.Local.Tests.Grammars;

/// <summary>Says what is wrong with a document by a schema. Shares nothing with the code under test; formats are asserted.</summary>
internal sealed class SchemaJudge(JsonElement root)
{
    /// <summary>The first thing that is wrong; null if the document is valid.</summary>
    public string? Judge(JsonElement value) => Judge(value, root, "$");

    private string? Judge(JsonElement value, JsonElement schema, string at)
    {
        if (schema.ValueKind is JsonValueKind.True or JsonValueKind.False)
        {
            return schema.ValueKind == JsonValueKind.True ? null : $"{at}: nothing is allowed";
        }

        foreach (var keyword in schema.EnumerateObject())
        {
            if (Judge(value, schema, keyword.Name, keyword.Value, at) is { } wrong)
            {
                return wrong;
            }
        }

        return null;
    }

    private string? Judge(JsonElement value, JsonElement schema, string keyword, JsonElement argument, string at)
    {
        var isFine = keyword switch
        {
            "type" => IsNullable(schema, value) || TypesOf(argument).Any(type => IsOfType(value, type)),
            "enum" => argument.EnumerateArray().Any(one => JsonElement.DeepEquals(one, value)),
            "const" => JsonElement.DeepEquals(argument, value),
            "$ref" => Judge(value, Resolve(argument.GetString()!), at) is null,
            "allOf" => argument.EnumerateArray().All(one => Judge(value, one, at) is null),
            "anyOf" => argument.EnumerateArray().Any(one => Judge(value, one, at) is null),
            "oneOf" => argument.EnumerateArray().Count(one => Judge(value, one, at) is null) == 1,
            _ => true,
        };
        if (!isFine)
        {
            return $"{at}: {keyword} {argument.GetRawText()} does not take {value.GetRawText()}";
        }

        return value.ValueKind switch
        {
            JsonValueKind.Number => Number(value.GetRawText(), keyword, argument, schema)
                ? null
                : $"{at}: {value.GetRawText()} against {keyword} {argument}",
            JsonValueKind.String => Text(value.GetString()!, keyword, argument)
                ? null
                : $"{at}: {value.GetRawText()} against {keyword} {argument}",
            JsonValueKind.Array => Array(value, schema, keyword, argument, at),
            JsonValueKind.Object => Object(value, schema, keyword, argument, at),
            _ => null,
        };
    }

    private static bool IsNullable(JsonElement schema, JsonElement value) =>
        value.ValueKind == JsonValueKind.Null && schema.TryGetProperty("nullable", out var nullable) && nullable.GetBoolean();

    private static IEnumerable<string> TypesOf(JsonElement argument) =>
        argument.ValueKind == JsonValueKind.Array ? argument.EnumerateArray().Select(type => type.GetString()!) : [argument.GetString()!];

    private static bool IsOfType(JsonElement value, string type) =>
        type switch
        {
            "integer" => value.ValueKind == JsonValueKind.Number && Scaled(value.GetRawText()) % Scale == 0,
            "boolean" => value.ValueKind is JsonValueKind.True or JsonValueKind.False,
            _ => string.Equals(value.ValueKind.ToString(), type, StringComparison.OrdinalIgnoreCase),
        };

    private static readonly BigInteger Scale = BigInteger.Pow(10, 120);

    private static BigInteger Scaled(string json)
    {
        var match = Regex.Match(
            json,
            @"^(?<sign>-?)(?<whole>\d+)(\.(?<part>\d+))?([eE](?<exponent>[+-]?\d+))?$",
            RegexOptions.ExplicitCapture,
            TimeSpan.FromSeconds(1)
        );
        var digits = BigInteger.Parse(match.Groups["whole"].Value + match.Groups["part"].Value, CultureInfo.InvariantCulture);
        var exponent = match.Groups["exponent"].Success ? int.Parse(match.Groups["exponent"].Value, CultureInfo.InvariantCulture) : 0;
        return (match.Groups["sign"].Length > 0 ? -digits : digits) * BigInteger.Pow(10, 120 + exponent - match.Groups["part"].Length);
    }

    private static bool Number(string json, string keyword, JsonElement argument, JsonElement schema) =>
        keyword switch
        {
            // Draft 4.
            "exclusiveMinimum" when argument.ValueKind == JsonValueKind.True => Number(
                json,
                keyword,
                schema.GetProperty("minimum"),
                schema
            ),
            "minimum" => Scaled(json) >= Scaled(argument.GetRawText()),
            "maximum" => Scaled(json) <= Scaled(argument.GetRawText()),
            "exclusiveMinimum" => Scaled(json) > Scaled(argument.GetRawText()),
            "exclusiveMaximum" => Scaled(json) < Scaled(argument.GetRawText()),
            "multipleOf" => Scaled(json) % Scaled(argument.GetRawText()) == 0,
            _ => true,
        };

    private static bool Text(string text, string keyword, JsonElement argument) =>
        keyword switch
        {
            "minLength" => text.EnumerateRunes().Count() >= argument.GetInt32(),
            "maxLength" => text.EnumerateRunes().Count() <= argument.GetInt32(),
            "pattern" => Regex.IsMatch(text, argument.GetString()!, RegexOptions.ECMAScript, TimeSpan.FromSeconds(5)),
            "format" => argument.GetString() switch
            {
                "date" => DateOnly.TryParseExact(text, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out _),
                "time" => Regex.IsMatch(
                    text,
                    @"^([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d+)?(Z|[+-]([01]\d|2[0-3]):[0-5]\d)$",
                    RegexOptions.ExplicitCapture,
                    TimeSpan.FromSeconds(1)
                ),
                "date-time" => DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.None, out _) && text[10] == 'T',
                "uuid" => Guid.TryParseExact(text, "D", out _),
                "email" => System.Net.Mail.MailAddress.TryCreate(text, out var mail) && mail.Address == text && text.Length <= 254,
                "uri" => Uri.TryCreate(text, UriKind.Absolute, out var uri)
                    && uri.Host.Length > 0
                    && !text.Contains(' ', StringComparison.Ordinal),
                "ipv4" => text.Split('.') is { Length: 4 } parts
                    && parts.All(part =>
                        byte.TryParse(part, NumberStyles.None, CultureInfo.InvariantCulture, out var one) && $"{one}" == part
                    ),
                _ => true,
            },
            _ => true,
        };

    private string? Array(JsonElement value, JsonElement schema, string keyword, JsonElement argument, string at)
    {
        var items = value.EnumerateArray().ToArray();
        var prefix = schema.TryGetProperty("prefixItems", out var schemas) ? schemas.GetArrayLength() : 0;
        return keyword switch
        {
            "minItems" => items.Length >= argument.GetInt32() ? null : $"{at}: {items.Length} items are too few",
            "maxItems" => items.Length <= argument.GetInt32() ? null : $"{at}: {items.Length} items are too many",
            // Drafts up to 2019-09.
            "items" when argument.ValueKind == JsonValueKind.Array => Array(value, schema, "prefixItems", argument, at),
            "additionalItems" => items
                .Skip(schema.GetProperty("items").GetArrayLength())
                .Select(item => Judge(item, argument, at))
                .FirstOrDefault(wrong => wrong is not null),
            "items" => items
                .Select((item, i) => i < prefix ? null : Judge(item, argument, $"{at}[{i}]"))
                .FirstOrDefault(wrong => wrong is not null),
            "prefixItems" => items
                .Take(argument.GetArrayLength())
                .Select((item, i) => Judge(item, argument[i], $"{at}[{i}]"))
                .FirstOrDefault(wrong => wrong is not null),
            "uniqueItems" when argument.GetBoolean() => items
                .Where((item, i) => items.Take(i).Any(one => JsonElement.DeepEquals(one, item)))
                .Any()
                ? $"{at}: items are the same"
                : null,
            _ => null,
        };
    }

    private string? Object(JsonElement value, JsonElement schema, string keyword, JsonElement argument, string at)
    {
        var names = value.EnumerateObject().Select(property => property.Name).Distinct().ToArray();
        return keyword switch
        {
            "properties" => value
                .EnumerateObject()
                .Select(property =>
                    argument.TryGetProperty(property.Name, out var one) ? Judge(property.Value, one, $"{at}.{property.Name}") : null
                )
                .FirstOrDefault(wrong => wrong is not null),
            "required" => argument
                .EnumerateArray()
                .Select(name => name.GetString()!)
                .Except(names)
                .Select(name => $"{at}: {name} is missing")
                .FirstOrDefault(),
            "additionalProperties" => value
                .EnumerateObject()
                .Where(property => !schema.TryGetProperty("properties", out var known) || !known.TryGetProperty(property.Name, out _))
                .Select(property => Judge(property.Value, argument, $"{at}.{property.Name}"))
                .FirstOrDefault(wrong => wrong is not null),
            "minProperties" => names.Length >= argument.GetInt32() ? null : $"{at}: too few properties",
            "maxProperties" => names.Length <= argument.GetInt32() ? null : $"{at}: too many properties",
            _ => null,
        };
    }

    private JsonElement Resolve(string reference) =>
        reference
            .Split('/')
            .Skip(1)
            .Aggregate(
                root,
                (target, step) =>
                    target.GetProperty(step.Replace("~1", "/", StringComparison.Ordinal).Replace("~0", "~", StringComparison.Ordinal))
            );
}
