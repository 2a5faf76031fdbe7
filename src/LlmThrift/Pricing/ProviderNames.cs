namespace LlmThrift.Pricing;

/// <summary>What OpenTelemetry, Microsoft.Extensions.AI and litellm call providers, where the price list's own rules do not cover it.</summary>
internal static class ProviderNames
{
    public static string Normalize(string provider)
    {
        var name = provider.Trim().ToLowerInvariant();
        return name switch
        {
            "azure.ai.openai"
            or "azure.ai.inference"
            or "az.ai.openai"
            or "az.ai.inference"
            or "azure_openai"
            or "azureopenai"
            or "azure_ai"
            or "azureaiinference"
            or "microsoft.foundry"
            or "azure.ai.foundry" => "azure",
            "gcp.gemini" or "gcp.vertex_ai" or "gcp.gen_ai" or "vertex_ai" => "google",
            "aws.bedrock" => "aws",
            "x_ai" or "x.ai" => "x-ai",
            "fireworks_ai" => "fireworks",
            "together.ai" => "together",
            "moonshot_ai" => "moonshotai",
            "z_ai" => "zai",
            _ => name,
        };
    }

    /// <summary>What runs on one's own machine has no list price, even when its model is called gpt-oss.</summary>
    public static bool IsSelfHosted(string normalized) =>
        normalized
            is "ollama"
                or "vllm"
                or "hosted_vllm"
                or "llama.cpp"
                or "llamacpp"
                or "llamafile"
                or "lmstudio"
                or "lm_studio"
                or "localai"
                or "onnxruntime-genai"
                or "llmthrift.local";
}
