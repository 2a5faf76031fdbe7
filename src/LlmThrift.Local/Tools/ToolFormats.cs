namespace LlmThrift.Local.Tools;

/// <summary>The formats that are known.</summary>
internal static class ToolFormats
{
    /// <summary>For messages.</summary>
    public const string Known =
        "Qwen 2.5 and 3 (Qwen), Hermes 2 Pro and 3 (Hermes), Granite 4 (Granite), Llama 3.1 to 3.3 (Llama3), Mistral's with [AVAILABLE_TOOLS] (Mistral, MistralV11)";

    /// <summary>The format by a name, with what the model's template says about its versions.</summary>
    public static ToolFormat Create(LocalToolFormat format, string? template) =>
        format switch
        {
            LocalToolFormat.Qwen => QwenFormat.Qwen(template ?? ""),
            LocalToolFormat.Granite => QwenFormat.Granite(),
            LocalToolFormat.Hermes => new HermesFormat(),
            LocalToolFormat.Llama3 => new Llama3Format(),
            LocalToolFormat.Mistral => new MistralFormat(isNamed: false, template ?? ""),
            LocalToolFormat.MistralV11 => new MistralFormat(isNamed: true, template ?? ""),
            _ => throw new ArgumentOutOfRangeException(nameof(format), format, "No such format."),
        };

    /// <summary>The format of a chat template by its source; null where it has no tools, or in a way that is not known.</summary>
    /// <remarks>It asks for the very sentences: a template that merely looks alike may want its calls in another form, such as Qwen3-Coder's in XML.</remarks>
    public static LocalToolFormat? Detect(string? template)
    {
        if (template is null)
        {
            return null;
        }

        var hasTags = Has("<tool_call>") && (Has("\"arguments\"") || Has("\\\"arguments\\\""));
        return hasTags && Has("<|im_start|>") && Has("You are a function calling AI model.") ? LocalToolFormat.Hermes
            : hasTags
            && Has("<|im_start|>")
            && Has("<tool_response>")
            && Has("return a json object with function name and arguments within <tool_call></tool_call> XML tags")
                ? LocalToolFormat.Qwen
            : hasTags && Has("<|start_of_role|>") && Has("<tool_response>") ? LocalToolFormat.Granite
            : Has("<|start_header_id|>ipython<|end_header_id|>")
            && Has("{\"name\": function name, \"parameters\": dictionary of argument name and its value}")
                ? LocalToolFormat.Llama3
            : Has("[AVAILABLE_TOOLS]") && Has("[TOOL_CALLS]") && Has("[TOOL_RESULTS]")
                ? Has("[ARGS]") ? LocalToolFormat.MistralV11
                    : LocalToolFormat.Mistral
            : null;

        bool Has(string text) => template.Contains(text, StringComparison.Ordinal);
    }
}
