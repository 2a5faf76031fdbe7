using System.Text.Json;

namespace LlmThrift.Local.Grammars;

/// <summary>A schema within a schema.</summary>
/// <param name="Schema">The schema.</param>
/// <param name="Pointer">Where it is: a JSON pointer, empty for the whole.</param>
internal readonly record struct SchemaLocation(JsonElement Schema, string Pointer)
{
    public bool Equals(SchemaLocation other) => string.Equals(Pointer, other.Pointer, StringComparison.Ordinal);

    public override int GetHashCode() => StringComparer.Ordinal.GetHashCode(Pointer);

    public SchemaLocation At(string keyword) => new(Schema.GetProperty(keyword), $"{Pointer}/{keyword}");

    public SchemaLocation Child(string name, JsonElement schema) =>
        new(schema, $"{Pointer}/{name.Replace("~", "~0", StringComparison.Ordinal).Replace("/", "~1", StringComparison.Ordinal)}");

    public UnsupportedSchemaException Error(string keyword, string reason) => new(keyword, Pointer, reason);
}
