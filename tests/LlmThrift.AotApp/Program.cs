using System.Text.Json;
using LlmThrift.AotApp;
using LlmThrift.Embeddings;
using LlmThrift.Metering;
using LlmThrift.SemanticCache;
using LlmThrift.Tokens;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.Caching.Distributed;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

// Walks through what could break without a just-in-time compiler: configuration, services, retries, payloads in a distributed cache, tools, streams.
var configuration = new ConfigurationBuilder()
    .AddInMemoryCollection(
        new Dictionary<string, string?>
        {
            ["OutputLimits:MaxOutputTokens"] = "500",
            ["ExactCache:Expiration"] = "01:00:00",
            ["UseResilience"] = "true",
        }
    )
    .Build();
var distributed = new DictionaryCache();
await using var one = Build();
await using var other = Build();

var first = await AskAsync(one);
var hit = await AskAsync(one);
var stored = await AskAsync(other);
var streamed = await other.GetRequiredService<IChatClient>().GetStreamingResponseAsync(Question(), Options()).ToChatResponseAsync();
var vector = new float[MiniLmEmbeddingGenerator.Dimensions];
var read = other.GetRequiredService<IEmbeddingGenerator<string, Embedding<float>>>() is MiniLmEmbeddingGenerator encoder
    ? encoder.Embed("What are your business hours?", vector, out _)
    : 0;
var tokens = BytePairEncoding.O200kBase.CountTokens("What are your business hours?");

var semantic = await AskInOtherWordsAsync();

Require(first.GetCallRecord() is { ServedBy: null, ActualCost: > 0 }, "the first call is paid for");
Require(hit.GetCallRecord() is { ServedBy: "exact_cache", ActualCost: 0 }, "the second is served by the cache");
Require(stored.GetCallRecord() is { ServedBy: "exact_cache" }, "another pipeline finds the payload");
Require(streamed.Messages[0].Contents.OfType<FunctionCallContent>().Any(), "a stream replays the function call");
Require(tokens == 6, "the vocabulary is there");
Require(read == 8 && Math.Abs(vector.Sum(value => value * value) - 1) < 1e-4, "the sentence encoder works");
Require(
    semantic.GetCallRecord() is { ServedBy: "semantic_cache", SemanticMatch.Score: > 0, ActualCost: 0 },
    "a question in other words is served"
);
Require(semantic.Text == "From nine to five.", "its answer is the one that was kept");
Console.WriteLine($"Native: saved {one.GetRequiredService<CostReport>().GetSummary().Total.SavingShare:P0} of two calls.");
return 0;

ServiceProvider Build()
{
    var services = new ServiceCollection();
    services.AddSingleton<IDistributedCache>(distributed);
    services.AddCostControls(configuration);
    services.AddMiniLmEmbeddings();
    services.AddChatClient(_ => new SmallProvider()).UseCostControls();
    return services.BuildServiceProvider();
}

// Encoder, index, pair scorer, policy, comparison of answers: the cache learns until it is sure enough, and serves.
static async Task<ChatResponse> AskInOtherWordsAsync()
{
    var services = new ServiceCollection();
    services.AddMiniLmEmbeddings();
    services
        .AddChatClient(_ => new SmallProvider(callsTools: false))
        .UseCostControls(o =>
        {
            o.UseSemanticCache = true;
            o.SemanticCache.MaxErrorRate = 0.2;
            o.SemanticCache.EmbeddingTimeout = TimeSpan.FromSeconds(30);
        });
    await using var provider = services.BuildServiceProvider();
    var client = provider.GetRequiredService<IChatClient>();
    ChatResponse? response = null;
    foreach (var opening in (string[])["", "Please tell me, ", "Could you say ", "I would like to know ", "Hello, "])
    {
        foreach (
            var words in (string[])
                ["what are your business hours?", "what are your opening hours?", "when are you open?", "when is the shop open?"]
        )
        {
            response = await client.GetResponseAsync(opening + words);
            if (response.GetCallRecord()?.ServedBy == "semantic_cache")
            {
                return response;
            }

            await client.GetService<SemanticCacheManager>()!.WhenIdleAsync();
        }
    }

    return response!;
}

static Task<ChatResponse> AskAsync(IServiceProvider services) =>
    services.GetRequiredService<IChatClient>().GetResponseAsync(Question(), Options());

static ChatMessage[] Question() =>
    [
        new(ChatRole.User, "What are your business hours?"),
        new(ChatRole.Assistant, [new FunctionCallContent("c1", "hours", new Dictionary<string, object?> { ["day"] = "Monday" })]),
        new(ChatRole.Tool, [new FunctionResultContent("c1", JsonElement.Parse("""{"from":9,"to":17}"""))]),
    ];

static ChatOptions Options() =>
    new ChatOptions { Temperature = 0 }
        .WithFeature("faq")
        .WithTenant("acme");

static void Require(bool holds, string what)
{
    if (!holds)
    {
        throw new InvalidOperationException($"Does not hold: {what}.");
    }
}
