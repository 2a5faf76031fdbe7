namespace LlmThrift.Local.Tests.Tools;

/// <summary>Chat templates as models have them, with no more than what tells the families apart; llama.cpp knows each.</summary>
public static class ToolTemplates
{
    public const string Qwen =
        "{%- if tools %}{{- '<|im_start|>system\\n' }}{{- \"return a json object with function name and arguments within <tool_call></tool_call> XML tags:\\n<tool_call>\\n{\\\"name\\\": <function-name>, \\\"arguments\\\": <args-json-object>}\\n</tool_call><|im_end|>\\n\" }}{%- endif %}{{- '\\n<tool_response>\\n' }}";

    public const string Hermes =
        "{{- '<|im_start|>system\n' }}{{- \"You are a function calling AI model. You are provided with function signatures within <tools></tools> XML tags.\" }}{{- '<tool_call>\n{\"name\": <function-name>, \"arguments\": <args-dict>}\n</tool_call><|im_end|>\n' }}";

    public const string Granite =
        "{{- '<|start_of_role|>system<|end_of_role|>' }}{%- set suffix = '<tool_call>\\n{\\\"name\\\": <function-name>, \\\"arguments\\\": <args-json-object>}\\n</tool_call>' %}{{- '\\n<tool_response>\\n' }}";

    public const string Llama3 =
        "{{- '<|start_header_id|>system<|end_header_id|>\\n\\n' }}{{- 'Respond in the format {\"name\": function name, \"parameters\": dictionary of argument name and its value}.' }}{{- '<|start_header_id|>ipython<|end_header_id|>\\n\\n' }}{{- '<|eot_id|>' }}";

    public const string Mistral =
        "{{- '[AVAILABLE_TOOLS][' }}{{- '[/AVAILABLE_TOOLS]' }}{{- '[INST]' + message['content'] + '[/INST]' }}{{- '[TOOL_CALLS][' }}{{- '[TOOL_RESULTS]{\"content\": ' }}";

    public const string MistralV11 =
        "{{- '[SYSTEM_PROMPT]' }}{{- '[AVAILABLE_TOOLS]' + tools|tojson + '[/AVAILABLE_TOOLS]' }}{{- '[INST]' }}{{- '[/INST]' }}{{- '[TOOL_CALLS]' + name + '[CALL_ID]' + id + '[ARGS]' }}{{- '[TOOL_RESULTS]' }}";

    /// <summary>By the name of the family.</summary>
    public static string Of(LocalToolFormat format) =>
        format switch
        {
            LocalToolFormat.Qwen => Qwen,
            LocalToolFormat.Hermes => Hermes,
            LocalToolFormat.Granite => Granite,
            LocalToolFormat.Llama3 => Llama3,
            LocalToolFormat.Mistral => Mistral,
            _ => MistralV11,
        };
}
