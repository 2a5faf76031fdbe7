namespace LlmThrift.Local;

/// <summary>How a model was trained to be told of tools, and to call them.</summary>
public enum LocalToolFormat
{
    /// <summary>Qwen 2.5, QwQ and Qwen 3: ChatML, calls as JSON in <c>&lt;tool_call&gt;</c>.</summary>
    Qwen,

    /// <summary>Hermes 2 Pro and Hermes 3 of Nous Research: ChatML, calls as JSON in <c>&lt;tool_call&gt;</c>, results in turns of their own.</summary>
    Hermes,

    /// <summary>Granite 4 of IBM: calls as JSON in <c>&lt;tool_call&gt;</c>.</summary>
    Granite,

    /// <summary>Llama 3.1, 3.2 and 3.3: an answer that is one call in JSON. One call at a time.</summary>
    Llama3,

    /// <summary>Mistral's models with the tokenizers v3 and v7, such as Mistral 7B v0.3, Nemo and Small 3: a JSON list after <c>[TOOL_CALLS]</c>.</summary>
    Mistral,

    /// <summary>Mistral's models with the tokenizers v11 and later, such as Small 3.2 and Devstral: a name and arguments after each <c>[TOOL_CALLS]</c>.</summary>
    MistralV11,
}
