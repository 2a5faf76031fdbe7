using System.Collections.Frozen;

namespace LlmThrift.Pricing;

/// <summary>What OpenTelemetry, Microsoft.Extensions.AI and litellm call providers, where the price list's own rules do not cover it.</summary>
internal static class ProviderNames
{
    private static readonly FrozenDictionary<string, string> s_aliases = new Dictionary<string, string>(StringComparer.Ordinal)
    {
        ["azure.ai.openai"] = "azure",
        ["azure.ai.inference"] = "azure",
        ["az.ai.openai"] = "azure",
        ["az.ai.inference"] = "azure",
        ["azure_openai"] = "azure",
        ["azureopenai"] = "azure",
        ["azure_ai"] = "azure",
        ["azureaiinference"] = "azure",
        ["microsoft.foundry"] = "azure",
        ["azure.ai.foundry"] = "azure",
        ["gcp.gemini"] = "google",
        ["gcp.vertex_ai"] = "google",
        ["gcp.gen_ai"] = "google",
        ["vertex_ai"] = "google",
        ["aws.bedrock"] = "aws",
        ["x_ai"] = "x-ai",
        ["x.ai"] = "x-ai",
        ["fireworks_ai"] = "fireworks",
        ["together.ai"] = "together",
        ["moonshot_ai"] = "moonshotai",
        ["z_ai"] = "zai",
    }.ToFrozenDictionary(StringComparer.Ordinal);

    // What runs on one's own machine has no list price, even when its model is called gpt-oss.
    private static readonly FrozenSet<string> s_selfHosted = FrozenSet.Create(
        StringComparer.Ordinal,
        "ollama",
        "vllm",
        "hosted_vllm",
        "llama.cpp",
        "llamacpp",
        "llamafile",
        "lmstudio",
        "lm_studio",
        "localai",
        "onnxruntime-genai",
        "llmthrift.local"
    );

    public static string Normalize(string provider)
    {
        var name = provider.Trim().ToLowerInvariant();
        return s_aliases.GetValueOrDefault(name, name);
    }

    public static bool IsSelfHosted(string normalized) => s_selfHosted.Contains(normalized);
}
