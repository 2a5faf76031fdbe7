using System.Text.Json;
using Microsoft.Extensions.AI;

namespace LlmThrift.Local.Tools;

/// <summary>The tools of a request, and whether one must be called.</summary>
/// <param name="Tools">All of them.</param>
/// <param name="Callable">Those that may be called.</param>
/// <param name="IsRequired">A call is asked for, and nothing else.</param>
/// <param name="AllowsSeveral">Several calls may come in one answer.</param>
internal sealed record OfferedTools(
    IReadOnlyList<AIFunctionDeclaration> Tools,
    IReadOnlyList<AIFunctionDeclaration> Callable,
    bool IsRequired,
    bool AllowsSeveral
)
{
    /// <summary>The tools that options offer; null if none.</summary>
    /// <exception cref="NotSupportedException">There are tools that are no functions.</exception>
    /// <exception cref="ArgumentException">Two tools have one name, or the one that must be called is not there.</exception>
    public static OfferedTools? From(ChatOptions? options)
    {
        if (options?.Tools is not { Count: > 0 } tools || options.ToolMode is NoneChatToolMode)
        {
            return null;
        }

        var functions = new List<AIFunctionDeclaration>();
        foreach (var tool in tools)
        {
            functions.Add(
                tool as AIFunctionDeclaration
                    ?? throw new NotSupportedException(
                        $"The local model calls functions, and the tool '{tool.Name}' ({tool.GetType().Name}) is none: send requests with it to another tier."
                    )
            );
        }

        if (functions.GroupBy(one => one.Name, StringComparer.Ordinal).FirstOrDefault(group => group.Skip(1).Any()) is { } twice)
        {
            throw new ArgumentException($"Two tools are called '{twice.Key}': give each a name of its own.", nameof(options));
        }

        var required = options.ToolMode as RequiredChatToolMode;
        var callable = required?.RequiredFunctionName is { } name ? functions.FindAll(one => one.Name == name) : functions;
        return callable.Count == 0
            ? throw new ArgumentException(
                $"ToolMode asks for '{required!.RequiredFunctionName}', which is not among Tools: {string.Join(", ", functions.Select(one => one.Name))}.",
                nameof(options)
            )
            : new OfferedTools(functions, callable, required is not null, options.AllowMultipleToolCalls ?? true);
    }

    /// <summary>A tool as OpenAI's API describes it, which is what templates expect.</summary>
    public static JsonElement Describe(AIFunctionDeclaration tool)
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            json.WriteString("type", "function");
            json.WriteStartObject("function");
            json.WriteString("name", tool.Name);
            json.WriteString("description", tool.Description);
            json.WritePropertyName("parameters");
            tool.JsonSchema.WriteTo(json);
            json.WriteEndObject();
            json.WriteEndObject();
        }

        return JsonDocument.Parse(buffer.ToArray()).RootElement;
    }
}
