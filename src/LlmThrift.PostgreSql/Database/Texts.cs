using System.Text;

namespace LlmThrift.PostgreSql.Database;

/// <summary>Names as PostgreSQL takes them: it knows no character 0, and half a surrogate pair has no form in UTF-8.</summary>
internal static class Texts
{
    public static string Clean(string text) =>
        text.AsSpan().IndexOfAnyInRange('\uD800', '\uDFFF') < 0 && !text.Contains('\0', StringComparison.Ordinal)
            ? text
            : Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(text)).Replace('\0', '\uFFFD');

    public static string? CleanOrNull(string? text) => text is null ? null : Clean(text);
}
