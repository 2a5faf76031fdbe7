using System.Globalization;
using LlmThrift.Internal;
using Microsoft.Extensions.Configuration;

namespace LlmThrift.CostControls;

/// <summary>Reads values of a configuration; what cannot be read is a problem that names the value and what it must be.</summary>
internal static class ConfigurationValues
{
    public delegate bool Parser<T>(string? text, out T value);

    public static void Read<T>(IConfigurationSection section, OptionsProblems problems, string expected, Parser<T> tryParse, Action<T> set)
    {
        if (tryParse(section.Value, out var value))
        {
            set(value);
        }
        else
        {
            problems.Add($"{section.Path} is \"{section.Value}\": it must be {expected}.");
        }
    }

    public static bool TryParse<T>(string? text, out T value)
        where T : struct, ISpanParsable<T> => T.TryParse(text, CultureInfo.InvariantCulture, out value);

    /// <summary>By name only: a number would be taken for any value.</summary>
    public static bool TryParseName<T>(string? text, out T value)
        where T : struct, Enum
    {
        value = default;
        return text is { Length: > 0 } && char.IsLetter(text[0]) && Enum.TryParse(text, ignoreCase: true, out value);
    }

    /// <summary>Not <c>TimeSpan.Parse</c>, to which 24:00:00 is 24 days.</summary>
    public static bool TryParseTime(string? text, out TimeSpan value) =>
        TimeSpan.TryParseExact(text, "c", CultureInfo.InvariantCulture, out value);

    public static void ReadTexts(IConfigurationSection section, IList<string> texts)
    {
        foreach (var text in section.GetChildren().Select(child => child.Value).OfType<string>())
        {
            texts.Add(text);
        }
    }
}
