using LlmThrift.Embeddings;
using LlmThrift.Local;
using LlmThrift.SemanticCache;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.DependencyInjection;

// The packages together: the cache takes the encoder, and the encoder's own pair scorer, from the services.
var services = new ServiceCollection();
services.AddMiniLmEmbeddings();
services
    .AddChatClient(_ => new OpeningHours())
    .UseCostControls(o =>
    {
        o.UseSemanticCache = true;
        o.SemanticCache.EmbeddingTimeout = TimeSpan.FromSeconds(30);
    });
await using var provider = services.BuildServiceProvider();

var client = provider.GetRequiredService<IChatClient>();
var manager = client.GetService<SemanticCacheManager>()!;
await client.GetResponseAsync("When do you open?");
await manager.WhenIdleAsync();
var repeated = await client.GetResponseAsync("When do you open?");
var other = await client.GetResponseAsync("What time do you open?");
await manager.WhenIdleAsync();

var scorer = provider.GetRequiredService<IEmbeddingGenerator<string, Embedding<float>>>().GetService<IQuestionPairScorer>();
if (
    repeated.GetCallRecord()?.ServedBy != "exact_cache"
    || other.GetCallRecord()?.Notes.Any(note => note is { Stage: "semantic_cache", PassedBy: false }) != true
    || manager.GetStatistics() is not { Entries: 2, Answers: 1 }
    || scorer is not MiniLmPairScorer
)
{
    Console.Error.WriteLine("The packages do not work together.");
    return 1;
}

// The local backend finds llama.cpp's libraries where their package put them.
if (args is [var model])
{
    using var local = new LocalChatClient(new LocalChatOptions { ModelPath = model });
    var answer = await local.GetResponseAsync("Hello", new ChatOptions { Temperature = 0, MaxOutputTokens = 20 });
    if (answer.Usage is not { OutputTokenCount: > 0 })
    {
        Console.Error.WriteLine("The local model gives no answer.");
        return 1;
    }
}

Console.WriteLine("The packages work together.");
return 0;

internal sealed class OpeningHours : IChatClient
{
    public Task<ChatResponse> GetResponseAsync(
        IEnumerable<ChatMessage> messages,
        ChatOptions? options = null,
        CancellationToken cancellationToken = default
    ) =>
        Task.FromResult(
            new ChatResponse(new ChatMessage(ChatRole.Assistant, "We open at nine."))
            {
                FinishReason = ChatFinishReason.Stop,
                ModelId = "gpt-4o",
            }
        );

    public IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(
        IEnumerable<ChatMessage> messages,
        ChatOptions? options = null,
        CancellationToken cancellationToken = default
    ) => throw new NotSupportedException();

    public object? GetService(Type serviceType, object? serviceKey = null) => null;

    public void Dispose() { }
}
