using System.Text.Json;
using Microsoft.Extensions.AI;

namespace LlmThrift.Routing;

/// <summary>Whether an answer is the JSON that was asked for, and calls of tools have arguments that the tools take.</summary>
internal sealed class JsonAnswerCheck : IAnswerCheck
{
    public string Name => "json";

    public ValueTask<AnswerVerdict> CheckAsync(AnswerToCheck answer, CancellationToken cancellationToken) => new(Check(answer));

    private static AnswerVerdict Check(AnswerToCheck answer)
    {
        var calls = answer.Response.Messages.SelectMany(message => message.Contents).OfType<FunctionCallContent>().ToList();
        if (calls.Count > 0)
        {
            return calls.TrueForAll(call => IsTaken(call, answer.Options.Tools)) ? AnswerVerdict.Accepted : AnswerVerdict.Rejected;
        }

        if (answer.Options.ResponseFormat is not ChatResponseFormatJson format)
        {
            return AnswerVerdict.None;
        }

        try
        {
            using var document = JsonDocument.Parse(answer.Response.Text);
            return format.Schema is not { } schema || JsonSchemaValidator.IsValid(document.RootElement, schema)
                ? AnswerVerdict.Accepted
                : AnswerVerdict.Rejected;
        }
        catch (JsonException)
        {
            return AnswerVerdict.Rejected;
        }
    }

    private static bool IsTaken(FunctionCallContent call, IList<AITool>? tools)
    {
        if (call.Exception is not null)
        {
            return false;
        }

        var declared = tools?.OfType<AIFunctionDeclaration>().FirstOrDefault(tool => tool.Name == call.Name);
        if (declared is null)
        {
            // One of the provider's own, or one that the app does not declare here; the model made it up only where others are declared.
            return tools is null || !tools.OfType<AIFunctionDeclaration>().Any();
        }

        var arguments = JsonSerializer.SerializeToElement(
            call.Arguments ?? new Dictionary<string, object?>(),
            AIJsonUtilities.DefaultOptions.GetTypeInfo(typeof(IDictionary<string, object?>))
        );
        return JsonSchemaValidator.IsValid(arguments, declared.JsonSchema);
    }
}
