using System.Text.Json;
using Microsoft.Extensions.AI;

namespace ConsoleReplay.Traffic;

/// <summary>JSON as providers exchange it.</summary>
internal static class Json
{
    private static readonly JsonSerializerOptions Compact = new(AIJsonUtilities.DefaultOptions) { WriteIndented = false };

    public static string Write(object? value) => JsonSerializer.Serialize(value, Compact);

    /// <summary>Reads the arguments of a tool call; what is no JSON object is kept under one name, so that nothing is lost.</summary>
    public static Dictionary<string, object?> ReadArguments(string? arguments)
    {
        if (string.IsNullOrWhiteSpace(arguments))
            return [];

        try
        {
            if (JsonSerializer.Deserialize<Dictionary<string, object?>>(arguments, Compact) is { } parsed)
                return parsed;
        }
        catch (JsonException)
        {
            // A model may write arguments that are no JSON; the app decides what to do with them.
        }

        return new() { [UnparsedArguments] = arguments };
    }

    /// <summary>The name under which <see cref="ReadArguments"/> keeps what it could not read.</summary>
    public const string UnparsedArguments = "unparsed_arguments";

    /// <summary>Writes arguments back as the model wrote them.</summary>
    public static string WriteArguments(IDictionary<string, object?>? arguments) =>
        arguments is { Count: 1 } && arguments.TryGetValue(UnparsedArguments, out var raw) && raw is string text ? text
        : arguments is null or { Count: 0 } ? "{}"
        : Write(arguments);
}
