using System.Text;
using System.Text.Json;

namespace LlmThrift.Local.Tools;

/// <summary>Hermes 2 Pro and 3, by the template tool_use of NousResearch/Hermes-3-Llama-3.1-8B, with the signatures in Python's way that it makes of schemas.</summary>
internal sealed class HermesFormat : TagFormat
{
    public override void Write(PromptText prompt, IReadOnlyList<ChatTurn> turns, IReadOnlyList<JsonElement> tools)
    {
        if (tools.Count > 0)
        {
            WriteTools(prompt, tools);
        }

        for (var i = 0; i < turns.Count; i++)
        {
            var turn = turns[i];
            if (turn.Role == ChatTurn.Tool)
            {
                WriteResults(prompt, turn, isLast: i == turns.Count - 1);
                continue;
            }

            prompt.Markup("<|im_start|>").Text(turn.Role);
            if (turn.Text.Length > 0 || turn.Calls.Count == 0)
            {
                prompt.Markup("\n").Text(turn.Text);
            }

            foreach (var call in turn.Calls)
            {
                prompt.Markup("\n");
                WriteCall(prompt, call);
            }

            prompt.Markup("<|im_end|>\n");
        }

        prompt.Markup("<|im_start|>assistant\n");
    }

    private static void WriteResults(PromptText prompt, ChatTurn turn, bool isLast)
    {
        prompt.Markup("<|im_start|>tool\n");
        for (var i = 0; i < turn.Results.Count; i++)
        {
            // As the template has it: no new line where the conversation ends.
            var end = isLast && i == turn.Results.Count - 1 ? "\n</tool_response>" : "\n</tool_response>\n";
            prompt.Markup("<tool_response>\n").Text(turn.Results[i].Text).Markup(end);
        }

        prompt.Markup("<|im_end|>");
    }

    private static void WriteTools(PromptText prompt, IReadOnlyList<JsonElement> tools)
    {
        prompt.Markup(
            "<|im_start|>system\nYou are a function calling AI model. You are provided with function signatures within <tools></tools> XML tags. You may call one or more functions to assist with the user query. Don't make assumptions about what values to plug into functions. Here are the available tools: <tools> "
        );
        prompt.Text(string.Join('\n', tools.Select(tool => Describe(tool.GetProperty("function")))));
        prompt.Markup(
            " </tools>Use the following pydantic model json schema for each tool call you will make: {\"properties\": {\"name\": {\"title\": \"Name\", \"type\": \"string\"}, \"arguments\": {\"title\": \"Arguments\", \"type\": \"object\"}}, \"required\": [\"name\", \"arguments\"], \"title\": \"FunctionCall\", \"type\": \"object\"}}\nFor each function call return a json object with function name and arguments within <tool_call></tool_call> XML tags as follows:\n<tool_call>\n{\"name\": <function-name>, \"arguments\": <args-dict>}\n</tool_call><|im_end|>\n"
        );
    }

    /// <summary>What the template makes of a tool, which looks like JSON and is none: the description has new lines as they are.</summary>
    private static string Describe(JsonElement tool)
    {
        var name = tool.GetProperty("name").GetString();
        var parameters = tool.GetProperty("parameters");
        JsonProperty[] properties =
            parameters.ValueKind == JsonValueKind.Object
            && parameters.TryGetProperty("properties", out var all)
            && all.ValueKind == JsonValueKind.Object
                ? [.. all.EnumerateObject()]
                : [];
        var text = new StringBuilder("{\"type\": \"function\", \"function\": {\"name\": \"").Append(name).Append("\", \"description\": \"");
        text.Append(name).Append('(');
        text.AppendJoin(", ", properties.Select(property => $"{property.Name}: {PythonTypeOf(property.Value)}"));
        text.Append(") - ").Append(tool.GetProperty("description").GetString()).Append("\n\n");
        text.Append(properties.Length > 0 ? "    Args:\n" : "");
        foreach (var property in properties)
        {
            text.Append("        ").Append(property.Name).Append('(').Append(PythonTypeOf(property.Value)).Append("): ");
            text.Append(DescriptionOf(property.Value));
        }

        text.Append("\", \"parameters\": ").Append(properties.Length == 0 ? "{}" : PythonJson.Of(parameters));
        return text.Append('}').ToString();
    }

    private static string DescriptionOf(JsonElement schema) =>
        schema.ValueKind == JsonValueKind.Object
        && schema.TryGetProperty("description", out var description)
        && description.ValueKind == JsonValueKind.String
            ? description.GetString()!.Trim()
            : "";

    private static string PythonTypeOf(JsonElement schema)
    {
        if (schema.ValueKind != JsonValueKind.Object || !schema.TryGetProperty("type", out var type))
        {
            return "Any";
        }

        return type.ValueKind switch
        {
            JsonValueKind.Array => $"Union[{string.Join(',', type.EnumerateArray().Select(one => BasicTypeOf(one.GetString(), schema)))}]",
            JsonValueKind.String => BasicTypeOf(type.GetString(), schema),
            _ => "Any",
        };
    }

    private static string BasicTypeOf(string? type, JsonElement schema) =>
        type switch
        {
            "string" => "str",
            "number" => "float",
            "integer" => "int",
            "boolean" => "bool",
            "array" => $"list[{(schema.TryGetProperty("items", out var items) ? PythonTypeOf(items) : "Any")}]",
            "object" when schema.TryGetProperty("additionalProperties", out var values) => $"dict[str, {PythonTypeOf(values)}]",
            "object" => "dict",
            _ => "Any",
        };
}
