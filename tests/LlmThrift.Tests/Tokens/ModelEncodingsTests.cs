using LlmThrift.Tokens;
using Xunit;

namespace LlmThrift.Tests.Tokens;

public sealed class ModelEncodingsTests
{
    [Theory]
    [InlineData("gpt-5", "o200k_base")]
    [InlineData("gpt-5-mini-2025-08-07", "o200k_base")]
    [InlineData("gpt-5.1", "o200k_base")]
    [InlineData("gpt-4.1-nano", "o200k_base")]
    [InlineData("GPT-4o", "o200k_base")]
    [InlineData("gpt-4o-mini-2024-07-18", "o200k_base")]
    [InlineData("o1", "o200k_base")]
    [InlineData("o3-mini", "o200k_base")]
    [InlineData("o4-mini-2025-04-16", "o200k_base")]
    [InlineData("chatgpt-4o-latest", "o200k_base")]
    [InlineData("openai/gpt-oss-120b", "o200k_base")]
    [InlineData("openai.gpt-oss-20b-1:0", "o200k_base")]
    [InlineData("ft:gpt-4o-mini-2024-07-18:acme::abc", "o200k_base")]
    [InlineData("openai/gpt-4o", "o200k_base")]
    [InlineData("gpt-4", "cl100k_base")]
    [InlineData("gpt-4-turbo-2024-04-09", "cl100k_base")]
    [InlineData("gpt-4-0613", "cl100k_base")]
    [InlineData("gpt-3.5-turbo", "cl100k_base")]
    [InlineData("gpt-35-turbo-16k", "cl100k_base")]
    [InlineData("ft:gpt-3.5-turbo-0125:acme::abc", "cl100k_base")]
    [InlineData("text-embedding-3-small", "cl100k_base")]
    [InlineData("text-embedding-ada-002", "cl100k_base")]
    public void Find_model_of_public_encoding_is_exact(string modelId, string encoding)
    {
        Assert.Equal(new ModelEncoding(encoding, 1, IsPublic: true), ModelEncodings.Find(modelId));
        Assert.Equal(encoding, ModelEncodings.Find(modelId).Encoding.Name);
    }

    [Theory]
    [InlineData("claude-sonnet-4-5", 1.2)]
    [InlineData("us.anthropic.claude-3-5-haiku-20241022-v1:0", 1.2)]
    [InlineData("google/gemini-2.5-pro", 1.05)]
    [InlineData("meta-llama/Llama-3.3-70B-Instruct", 1.05)]
    [InlineData("mistral-large-latest", 1.1)]
    [InlineData("my-deployment", 1.1)]
    [InlineData("o11y-model", 1.1)]
    [InlineData("", 1.1)]
    [InlineData(null, 1.1)]
    public void Find_other_model_is_estimate_with_factor_of_family(string? modelId, double factor)
    {
        Assert.Equal(new ModelEncoding("o200k_base", factor, IsPublic: false), ModelEncodings.Find(modelId));
    }
}
