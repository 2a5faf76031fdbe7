using System.Text.Json;
using System.Text.RegularExpressions;

namespace LlmThrift.Local.Grammars;

/// <summary>Whether a value that a schema lists meets what else it asks at the same place, such as a <c>type</c> beside an <c>enum</c>.</summary>
internal sealed class ValueChecker(SchemaReader reader)
{
    private static readonly TimeSpan PatternTimeout = TimeSpan.FromMilliseconds(200);

    public bool Meets(JsonElement value, SchemaShape shape) =>
        shape.Types.HasFlag(TypeOf(value))
        && (shape.Values is null || shape.Values.Any(one => JsonElement.DeepEquals(one, value)))
        && value.ValueKind switch
        {
            JsonValueKind.Number => MeetsNumber(value.GetRawText(), shape),
            JsonValueKind.String => MeetsText(value.GetString()!, shape),
            JsonValueKind.Array => MeetsArray(value, shape),
            JsonValueKind.Object => MeetsObject(value, shape),
            _ => true,
        };

    private static SchemaTypes TypeOf(JsonElement value) =>
        value.ValueKind switch
        {
            JsonValueKind.Null => SchemaTypes.Null,
            JsonValueKind.Number => SchemaTypes.Number,
            JsonValueKind.String => SchemaTypes.String,
            JsonValueKind.Array => SchemaTypes.Array,
            JsonValueKind.Object => SchemaTypes.Object,
            _ => SchemaTypes.Boolean,
        };

    private static bool MeetsNumber(string json, SchemaShape shape)
    {
        if (!ExactNumber.TryParse(json, out var number))
        {
            return false;
        }

        return (!shape.IntegersOnly || number.IsInteger)
            && (shape.Minimum is not { } low || number.ComparedTo(low) >= (shape.IsMinimumExcluded ? 1 : 0))
            && (shape.Maximum is not { } high || number.ComparedTo(high) <= (shape.IsMaximumExcluded ? -1 : 0))
            && (shape.MultipleOf is not { } step || (step * number.FloorOver(step)).ComparedTo(number) == 0);
    }

    private static bool MeetsText(string text, SchemaShape shape)
    {
        var length = text.EnumerateRunes().Count();
        return length >= shape.MinLength && !(length > shape.MaxLength) && shape.Patterns.All(pattern => Matches(text, pattern));
    }

    private static bool Matches(string text, string pattern)
    {
        try
        {
            return Regex.IsMatch(text, pattern, RegexOptions.ECMAScript, PatternTimeout);
        }
        catch (Exception exception) when (exception is ArgumentException or RegexMatchTimeoutException)
        {
            // What cannot be shown to match is left out: the grammar stays within the schema.
            return false;
        }
    }

    private bool MeetsArray(JsonElement value, SchemaShape shape)
    {
        var length = value.GetArrayLength();
        return length >= shape.MinItems
            && !(length > shape.MaxItems)
            && Enumerable.Range(0, length).All(i => MeetsAll(value[i], shape.ItemAt(i)))
            && (
                !shape.UniqueItems
                || Enumerable.Range(0, length).All(i => Enumerable.Range(0, i).All(k => !JsonElement.DeepEquals(value[i], value[k])))
            );
    }

    private bool MeetsObject(JsonElement value, SchemaShape shape)
    {
        var count = value.GetPropertyCount();
        return count >= shape.MinProperties
            && !(count > shape.MaxProperties)
            && shape.Required.All(name => value.TryGetProperty(name, out _))
            && value.EnumerateObject().All(property => MeetsAll(property.Value, shape.PropertyOf(property.Name)));
    }

    private bool MeetsAll(JsonElement value, IReadOnlyList<SchemaLocation> schemas) =>
        schemas.Count == 0 || reader.Read(schemas).Any(shape => Meets(value, shape));
}
