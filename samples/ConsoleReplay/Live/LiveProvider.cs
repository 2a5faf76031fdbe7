using System.ClientModel;
using Anthropic;
using Microsoft.Extensions.AI;
using OpenAI;

namespace ConsoleReplay.Live;

/// <summary>A real service, found by the environment: the vendor's own package, talked to through <see cref="IChatClient"/>.</summary>
internal sealed record LiveProvider
{
    private const string OpenAIEndpoint = "https://api.openai.com/v1";

    /// <summary>The provider's client.</summary>
    public required IChatClient Client { get; init; }

    /// <summary>Where calls go to, for the user to see before anything is sent.</summary>
    public required string Description { get; init; }

    /// <summary>The model when <c>--model</c> names none.</summary>
    public required string DefaultModelId { get; init; }

    /// <summary>Whether the calls cost money: a server of one's own has no price list.</summary>
    public bool IsSelfHosted { get; init; }

    /// <summary>Reads OPENAI_API_KEY, OPENAI_BASE_URL and ANTHROPIC_API_KEY.</summary>
    /// <param name="environment">Looks up a variable of the environment.</param>
    /// <param name="provider"><c>openai</c>, <c>anthropic</c>, or null to choose by the model and the keys that are set.</param>
    /// <param name="modelId">The model, if one is asked for.</param>
    /// <exception cref="ReplayException">No key is set, or the endpoint is no address.</exception>
    public static LiveProvider Create(Func<string, string?> environment, string? provider, string? modelId)
    {
        var openAIKey = NonEmpty(environment("OPENAI_API_KEY"));
        var baseUrl = NonEmpty(environment("OPENAI_BASE_URL"));
        var anthropicKey = NonEmpty(environment("ANTHROPIC_API_KEY"));
        var openAI = openAIKey is not null || baseUrl is not null;
        provider ??=
            modelId?.StartsWith("claude", StringComparison.OrdinalIgnoreCase) == true && anthropicKey is not null ? "anthropic"
            : openAI ? "openai"
            : anthropicKey is not null ? "anthropic"
            : throw new ReplayException(
                "--live needs a service: set OPENAI_API_KEY, or OPENAI_BASE_URL for a server of your own (vLLM, llama.cpp, Ollama), or ANTHROPIC_API_KEY."
            );

        return provider == "anthropic"
                ? CreateAnthropic(
                    anthropicKey ?? throw new ReplayException("--provider anthropic needs ANTHROPIC_API_KEY to be set."),
                    modelId
                )
            : openAI ? CreateOpenAI(openAIKey, baseUrl, modelId)
            : throw new ReplayException("--provider openai needs OPENAI_API_KEY to be set, or OPENAI_BASE_URL for a server of your own.");
    }

    private static LiveProvider CreateOpenAI(string? key, string? baseUrl, string? modelId)
    {
        if (!Uri.TryCreate(baseUrl ?? OpenAIEndpoint, UriKind.Absolute, out var endpoint) || endpoint.Scheme is not ("http" or "https"))
            throw new ReplayException("OPENAI_BASE_URL is not an http or https address, such as http://localhost:8000/v1.");

        // The package wants a key; servers of one's own mostly ignore it.
        var client = new OpenAIClient(new ApiKeyCredential(key ?? "unused"), new OpenAIClientOptions { Endpoint = endpoint });
        var model = modelId ?? "gpt-4o-mini";
        return new LiveProvider
        {
            Client = new OpenAIServiceChatClient(client, endpoint, model),
            Description = endpoint.GetLeftPart(UriPartial.Path),
            DefaultModelId = model,
            IsSelfHosted = endpoint.Scheme == Uri.UriSchemeHttp || endpoint.IsLoopback,
        };
    }

    private static LiveProvider CreateAnthropic(string key, string? modelId)
    {
        var model = modelId ?? "claude-haiku-4-5";
        var client = new AnthropicClient { ApiKey = key };
        return new LiveProvider
        {
            Client = client.AsIChatClient(model, defaultMaxOutputTokens: 1024),
            Description = client.BaseUrl,
            DefaultModelId = model,
        };
    }

    private static string? NonEmpty(string? value) => string.IsNullOrWhiteSpace(value) ? null : value.Trim();
}
