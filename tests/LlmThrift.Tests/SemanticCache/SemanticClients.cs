using LlmThrift.CostControls;
using LlmThrift.SemanticCache;
using LlmThrift.TestKit;
using Microsoft.Extensions.AI;

namespace LlmThrift.Tests.SemanticCache;

/// <summary>Pipelines with a semantic cache, and ways to ask them.</summary>
internal static class SemanticClients
{
    /// <summary>Long enough for a machine under load: no test but those of slow embedders is about time.</summary>
    public static readonly TimeSpan NoHurry = TimeSpan.FromSeconds(30);

    public static IChatClient WithSemanticCache(
        this IChatClient provider,
        FakeEmbeddingGenerator? embedder = null,
        Action<SemanticCacheOptions>? configure = null,
        TimeProvider? clock = null,
        Action<CostControlOptions>? configureAll = null
    ) =>
        provider
            .AsBuilder()
            .UseCostControls(o =>
            {
                o.UseSemanticCache = true;
                o.SemanticCache.EmbeddingGenerator = embedder ?? new FakeEmbeddingGenerator();
                o.SemanticCache.EmbeddingTimeout = NoHurry;
                o.SemanticCache.AnswerComparer = AnswerComparers.Exact;
                o.SemanticCache.Policy = new ThresholdPolicy();
                configure?.Invoke(o.SemanticCache);
                configureAll?.Invoke(o);
            })
            .Build(new FewServices().With(clock ?? TimeProvider.System));

    /// <summary>For pipelines that are put together by hand.</summary>
    public static void Steady(SemanticCacheOptions options)
    {
        options.EmbeddingTimeout = NoHurry;
        options.Policy = new ThresholdPolicy();
    }

    public static SemanticCacheManager Manager(this IChatClient client) => client.GetService<SemanticCacheManager>()!;

    /// <summary>Asks, and waits until what goes on after the call is done.</summary>
    public static async Task<ChatResponse> AskAsync(
        this IChatClient client,
        string question,
        ChatOptions? options = null,
        bool isStreaming = false
    ) => await client.AskAsync([new ChatMessage(ChatRole.User, question)], options, isStreaming);

    public static async Task<ChatResponse> AskAsync(
        this IChatClient client,
        IEnumerable<ChatMessage> messages,
        ChatOptions? options = null,
        bool isStreaming = false
    )
    {
        var response = isStreaming
            ? await client.GetStreamingResponseAsync(messages, options).ToChatResponseAsync()
            : await client.GetResponseAsync(messages, options);
        await client.Manager().WhenIdleAsync();
        return response;
    }
}
