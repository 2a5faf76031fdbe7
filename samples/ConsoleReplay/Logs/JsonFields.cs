using System.Globalization;
using System.Text.Json;

namespace ConsoleReplay.Logs;

/// <summary>Reads fields of JSON objects, with errors that name the field and never its value. A field that is null counts as missing.</summary>
internal static class JsonFields
{
    public static JsonElement? Field(this JsonElement element, string name) =>
        element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out var value) && value.ValueKind != JsonValueKind.Null
            ? value
            : null;

    public static JsonElement? ObjectField(this JsonElement element, string name, string? path = null) =>
        Expect(element.Field(name), JsonValueKind.Object, path ?? name);

    public static JsonElement? ArrayField(this JsonElement element, string name, string? path = null) =>
        Expect(element.Field(name), JsonValueKind.Array, path ?? name);

    public static string? TextField(this JsonElement element, string name, string? path = null) =>
        Expect(element.Field(name), JsonValueKind.String, path ?? name)?.GetString();

    public static bool? FlagField(this JsonElement element, string name) =>
        element.Field(name) switch
        {
            null => null,
            { ValueKind: JsonValueKind.True } => true,
            { ValueKind: JsonValueKind.False } => false,
            { } other => throw Unexpected(other, "true or false", name),
        };

    public static float? NumberField(this JsonElement element, string name) =>
        Expect(element.Field(name), JsonValueKind.Number, name)?.GetSingle();

    public static long? WholeField(this JsonElement element, string name)
    {
        if (Expect(element.Field(name), JsonValueKind.Number, name) is not { } value)
            return null;
        if (value.TryGetInt64(out var whole))
            return whole;
        if (value.TryGetDouble(out var number) && number == Math.Floor(number) && Math.Abs(number) < 1e15)
            return (long)number;
        throw new TrafficFormatException($"\"{name}\" must be a whole number");
    }

    public static int? CountField(this JsonElement element, string name) =>
        element.WholeField(name) switch
        {
            null => null,
            >= 0 and <= int.MaxValue and var count => (int)count,
            _ => throw new TrafficFormatException(
                $"\"{name}\" is out of range; it must be 0 to {int.MaxValue.ToString(CultureInfo.InvariantCulture)}"
            ),
        };

    public static TrafficFormatException Unexpected(JsonElement value, string expected, string path) =>
        new($"\"{path}\" is {Describe(value.ValueKind)}; it must be {expected}");

    public static string Describe(JsonValueKind kind) =>
        kind switch
        {
            JsonValueKind.Array => "an array",
            JsonValueKind.Object => "an object",
            JsonValueKind.String => "text",
            JsonValueKind.Number => "a number",
            JsonValueKind.True or JsonValueKind.False => "true or false",
            _ => "null",
        };

    private static JsonElement? Expect(JsonElement? value, JsonValueKind kind, string path) =>
        value is { } present && present.ValueKind != kind ? throw Unexpected(present, Describe(kind), path) : value;
}
