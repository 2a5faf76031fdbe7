namespace LlmThrift.Tokens;

/// <summary>Knows the encoding of a model by its name.</summary>
public static class ModelEncodings
{
    private const string O200kBase = "o200k_base";

    private static readonly string[] O200kModels =
    [
        "gpt-5",
        "gpt-4o",
        "gpt-4.1",
        "gpt-4.5",
        "gpt-oss",
        "gpt-realtime",
        "gpt-audio",
        "chatgpt-",
        "codex-",
        "computer-use-preview",
        "o1",
        "o3",
        "o4",
    ];

    private static readonly string[] Cl100kModels =
    [
        "gpt-4",
        "gpt-3.5",
        "gpt-35",
        "text-embedding-3",
        "text-embedding-ada-002",
        "davinci-002",
        "babbage-002",
    ];

    // Where to begin until the first reported counts correct it (RequestTokenCounter.Learn): rough starting values. Matched anywhere in the name, since deployments put regions and vendors in front.
    private static readonly (string Family, double Factor)[] Families =
    [
        ("claude", 1.2),
        ("gemini", 1.05),
        ("gemma", 1.05),
        ("mistral", 1.1),
        ("mixtral", 1.2),
        ("codestral", 1.1),
        ("magistral", 1.1),
        ("ministral", 1.1),
        ("llama-2", 1.2),
        ("llama", 1.05),
        ("qwen", 1.05),
        ("qwq", 1.05),
        ("deepseek", 1.05),
        ("grok", 1.05),
        ("command", 1.05),
        ("phi-", 1.1),
        ("nova-", 1.15),
        ("kimi", 1.05),
        ("glm", 1.05),
        ("gpt", 1.0),
    ];

    /// <summary>Finds how a model's text is counted.</summary>
    /// <param name="modelId">
    /// The model's name as providers spell it, in any case: <c>gpt-4o-mini-2024-07-18</c>, <c>openai/gpt-5</c>, a fine-tune <c>ft:gpt-4o:…</c>,
    /// <c>us.anthropic.claude-…</c>. Null and names that tell nothing, such as those of deployments, give an estimate.
    /// </param>
    /// <returns>
    /// The model's own encoding when it is public, else <c>o200k_base</c> with a factor by family: 1.2 for Claude, 1.05 for Gemini, Llama 3, Qwen,
    /// DeepSeek and Grok, 1.1 for Mistral and for what is not known.
    /// </returns>
    public static ModelEncoding Find(string? modelId)
    {
        var name = BaseName(modelId);
        if (StartsWithAny(name, O200kModels))
        {
            return new ModelEncoding(O200kBase, 1, IsPublic: true);
        }

        if (StartsWithAny(name, Cl100kModels))
        {
            return new ModelEncoding("cl100k_base", 1, IsPublic: true);
        }

        foreach (var (family, factor) in Families)
        {
            if (name.Contains(family, StringComparison.OrdinalIgnoreCase))
            {
                return new ModelEncoding(O200kBase, factor, IsPublic: false);
            }
        }

        return new ModelEncoding(O200kBase, 1.1, IsPublic: false);
    }

    /// <summary>The name without a gateway's or provider's prefix and without the mark of a fine-tune.</summary>
    internal static ReadOnlySpan<char> BaseName(ReadOnlySpan<char> modelId)
    {
        var name = modelId.Trim();
        name = name[(name.LastIndexOf('/') + 1)..];
        foreach (var prefix in (ReadOnlySpan<string>)["openai.", "ft:"])
        {
            if (name.StartsWith(prefix, StringComparison.OrdinalIgnoreCase))
            {
                name = name[prefix.Length..];
            }
        }

        return name;
    }

    /// <summary>Whether a name begins with one of some beginnings, the word ending there unless the beginning says that it goes on.</summary>
    private static bool StartsWithAny(ReadOnlySpan<char> name, string[] beginnings)
    {
        foreach (var beginning in beginnings)
        {
            if (
                name.StartsWith(beginning, StringComparison.OrdinalIgnoreCase)
                && (name.Length == beginning.Length || beginning.EndsWith('-') || !char.IsAsciiLetterOrDigit(name[beginning.Length]))
            )
            {
                return true;
            }
        }

        return false;
    }
}
