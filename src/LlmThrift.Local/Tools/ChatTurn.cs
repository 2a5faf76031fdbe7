using System.Text;
using System.Text.Json;
using Microsoft.Extensions.AI;

namespace LlmThrift.Local.Tools;

/// <summary>What one side said: text, calls of the model, or results of calls. Results that follow one another are one turn.</summary>
/// <param name="Role">system, user, assistant or tool; anything else as it was given.</param>
/// <param name="Text">The text.</param>
/// <param name="Calls">Calls, of an assistant's turn.</param>
/// <param name="Results">Results, of a tool's turn, which has no text.</param>
internal sealed record ChatTurn(string Role, string Text, IReadOnlyList<ToolCall> Calls, IReadOnlyList<ToolResult> Results)
{
    public const string System = "system";
    public const string User = "user";
    public const string Assistant = "assistant";
    public const string Tool = "tool";

    /// <summary>The turns of a conversation.</summary>
    /// <exception cref="NotSupportedException">A message has what is neither text nor a call or its result.</exception>
    public static List<ChatTurn> Of(IReadOnlyList<ChatMessage> messages)
    {
        var turns = new List<ChatTurn>();
        foreach (var message in messages)
        {
            var text = new StringBuilder();
            var calls = new List<ToolCall>();
            var results = new List<ToolResult>();
            foreach (var content in message.Contents)
            {
                switch (content)
                {
                    case FunctionCallContent call:
                        calls.Add(new ToolCall(call.CallId, call.Name, ArgumentsOf(call)));
                        break;
                    case FunctionResultContent result:
                        results.Add(new ToolResult(result.CallId, TextOf(result.Result)));
                        break;
                    default:
                        text.Append(MessageText.Of(content));
                        break;
                }
            }

            if (results.Count > 0)
            {
                Add(turns, results);
            }

            if (text.Length > 0 || calls.Count > 0 || results.Count == 0)
            {
                var role = calls.Count > 0 ? Assistant : message.Role.Value;
                turns.Add(new ChatTurn(role == Tool ? User : role, text.ToString(), calls, []));
            }
        }

        return turns;
    }

    private static void Add(List<ChatTurn> turns, List<ToolResult> results)
    {
        if (turns.Count > 0 && turns[^1].Role == Tool)
        {
            turns[^1] = turns[^1] with { Results = [.. turns[^1].Results, .. results] };
        }
        else
        {
            turns.Add(new ChatTurn(Tool, "", [], results));
        }
    }

    private static JsonElement ArgumentsOf(FunctionCallContent call) =>
        JsonSerializer.SerializeToElement(
            call.Arguments ?? new Dictionary<string, object?>(),
            AIJsonUtilities.DefaultOptions.GetTypeInfo(typeof(IDictionary<string, object?>))
        );

    private static string TextOf(object? result) =>
        result switch
        {
            null => "",
            string text => text,
            AIContent content => MessageText.Of(content),
            IEnumerable<AIContent> contents => string.Concat(contents.Select(MessageText.Of)),
            _ => PythonJson.Of(JsonSerializer.SerializeToElement(result, AIJsonUtilities.DefaultOptions.GetTypeInfo(typeof(object)))),
        };
}
