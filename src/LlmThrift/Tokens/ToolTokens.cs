using System.Text.Json;
using Microsoft.Extensions.AI;

namespace LlmThrift.Tokens;

/// <summary>The tokens of a tool's declaration, by the OpenAI cookbook.</summary>
/// <remarks>
/// The constants were found by the cookbook's authors from what the API reports. It counts a tool as one line <c>name:description</c> and a line
/// <c>name:type:description</c> for each parameter, without the final full stops.
/// </remarks>
internal static class ToolTokens
{
    /// <summary>Once behind all tools.</summary>
    public const int PerList = 12;

    private const int PerFunction = 7;
    private const int PerFunctionOfGpt4 = 10;
    private const int PerProperties = 3;
    private const int PerProperty = 3;
    private const int PerEnum = -3;
    private const int PerEnumValue = 3;

    /// <summary>Adds one tool.</summary>
    public static void Count(ref RequestTokenCounter.Tally tally, AIFunctionDeclaration function)
    {
        tally.Add(tally.Model.Counter is BytePairEncoding { Name: "cl100k_base" } ? PerFunctionOfGpt4 : PerFunction);
        tally.Text($"{function.Name}:{Trimmed(function.Description)}");
        if (
            function.JsonSchema.ValueKind != JsonValueKind.Object
            || !function.JsonSchema.TryGetProperty("properties", out var properties)
            || properties.ValueKind != JsonValueKind.Object
        )
        {
            return;
        }

        var isFirst = true;
        foreach (var property in properties.EnumerateObject())
        {
            tally.Add(isFirst ? PerProperties + PerProperty : PerProperty);
            isFirst = false;
            CountProperty(ref tally, property);
        }
    }

    private static void CountProperty(ref RequestTokenCounter.Tally tally, JsonProperty property)
    {
        var schema = property.Value;
        if (
            schema.ValueKind != JsonValueKind.Object
            || !schema.TryGetProperty("type", out var type)
            || type.ValueKind != JsonValueKind.String
            || schema.TryGetProperty("properties", out _)
            || schema.TryGetProperty("items", out _)
        )
        {
            // Nothing is published for objects in objects, arrays and unions; their JSON is a little more than what the provider makes of them.
            tally.Text($"{property.Name}:{schema.GetRawText()}");
            tally.IsEstimate = true;
            return;
        }

        if (schema.TryGetProperty("enum", out var values) && values.ValueKind == JsonValueKind.Array)
        {
            tally.Add(PerEnum);
            foreach (var value in values.EnumerateArray())
            {
                tally.Add(PerEnumValue);
                tally.Text(value.ToString());
            }
        }

        var description = schema.TryGetProperty("description", out var text) ? text.ToString() : "";
        tally.Text($"{property.Name}:{type}:{Trimmed(description)}");
    }

    private static string Trimmed(string description) => description.EndsWith('.') ? description[..^1] : description;
}
