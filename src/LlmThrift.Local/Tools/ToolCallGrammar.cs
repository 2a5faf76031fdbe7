using System.Globalization;
using System.Text;
using System.Text.Json;
using LlmThrift.Local.Grammars;
using Microsoft.Extensions.AI;

namespace LlmThrift.Local.Tools;

/// <summary>The grammar of calls: the name of a tool, and arguments by its schema; any JSON object where a grammar cannot express the schema. Immutable.</summary>
internal sealed class ToolCallGrammar
{
    /// <summary>Of calls in one answer, so that a model does not go on for ever.</summary>
    public const int MostCalls = 32;

    private const string Answer = "answer-";
    private readonly string _rules;
    private readonly string? _answer;

    /// <summary>Compiles it.</summary>
    /// <param name="format">How calls are written.</param>
    /// <param name="offered">The tools.</param>
    /// <param name="answer">What an answer without calls must be; null for anything.</param>
    public ToolCallGrammar(ToolFormat format, OfferedTools offered, ChatResponseFormatJson? answer)
    {
        var rules = new StringBuilder();
        var arguments = new List<(string Name, string Rule)>();
        foreach (var tool in offered.Callable)
        {
            var prefix = string.Create(CultureInfo.InvariantCulture, $"tool{arguments.Count}-");
            arguments.Add((tool.Name, prefix + "root"));
            rules.Append(ArgumentsOf(tool, prefix));
        }

        rules.Append("sp ::= \" \"?\nnl ::= \"\\n\"?\n");
        format.WriteRules(rules, arguments, offered.AllowsSeveral && format.AllowsSeveral);
        _rules = rules.ToString();
        _answer =
            answer is null ? null
            : answer.Schema is { } schema ? JsonSchemaGrammar.FromSchema(schema, prefix: Answer)
            : JsonSchemaGrammar.AnyJsonOf(Answer);
    }

    /// <summary>The grammar of an answer that is calls and nothing else.</summary>
    public string Required => $"root ::= {ToolFormat.CallsRule}\n{_rules}";

    /// <summary>The grammar of an answer that is calls, or JSON; null where it may be any text.</summary>
    public string? CallsOrJson => _answer is null ? null : $"root ::= {ToolFormat.CallsRule} | {Answer}root\n{_rules}{_answer}";

    /// <summary>A text as a grammar writes it.</summary>
    public static string Literal(string text)
    {
        var literal = new StringBuilder();
        GrammarRules.WriteLiteral(literal, text);
        return literal.ToString();
    }

    /// <summary>The grammar of what follows a marker.</summary>
    public string After(CallMarker marker) => $"root ::= {marker.Rest}\n{_rules}";

    private static string ArgumentsOf(AIFunctionDeclaration tool, string prefix)
    {
        var schema = tool.JsonSchema;
        if (!IsObject(schema, out var hasNone))
        {
            return JsonSchemaGrammar.AnyJsonOf(prefix);
        }

        if (hasNone)
        {
            return prefix + "root ::= \"{}\"\n";
        }

        try
        {
            return JsonSchemaGrammar.FromSchema(schema, prefix: prefix);
        }
        catch (UnsupportedSchemaException)
        {
            // A call whose arguments the tool may refuse is better than no calls of it at all.
            return JsonSchemaGrammar.AnyJsonOf(prefix);
        }
    }

    /// <summary>Whether a schema is that of an object, as arguments are; and whether it is of one without properties.</summary>
    private static bool IsObject(JsonElement schema, out bool hasNone)
    {
        hasNone = false;
        if (
            schema.ValueKind != JsonValueKind.Object
            || !schema.TryGetProperty("type", out var type)
            || type.ValueKind != JsonValueKind.String
            || type.GetString() != "object"
        )
        {
            return false;
        }

        hasNone =
            schema.TryGetProperty("properties", out var properties)
            && properties.ValueKind == JsonValueKind.Object
            && properties.GetPropertyCount() == 0
            && schema.EnumerateObject().All(one => one.Name is "type" or "properties" or "title" or "description" or "$schema");
        return true;
    }
}
