using LlmThrift.PostgreSql.Tests.Server;
using LlmThrift.SemanticCache;
using LlmThrift.TestKit;
using LlmThrift.TestKit.Stores;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace LlmThrift.PostgreSql.Tests;

/// <summary>Two instances of an app on one database.</summary>
[RequiresServer]
[Collection(ServerGroup.Name)]
public sealed class PostgreSqlPipelineTests(SharedServer shared) : IDisposable
{
    private readonly TemporaryStore _temporary = new(shared.Server);

    [StoreFact]
    public async Task Answers_of_one_instance_are_those_of_the_other()
    {
        using var provider = ScriptedChatClient.Echo();
        await using var one = Services(provider);
        await using var other = Services(provider);
        var (first, second) = (one.GetRequiredService<IChatClient>(), other.GetRequiredService<IChatClient>());
        await AskAsync(second, "hello there");
        await AskAsync(first, "good morning everybody");
        await UntilAsync(() => Entries(first) == 2 && Entries(second) == 2);

        // The semantic caches by the feed, the exact ones by the distributed cache.
        await AskAsync(first, "what are your opening hours", "red");
        await UntilAsync(() => Entries(second) == 3);
        Assert.Equal(3, provider.Calls);
        await AskAsync(second, "what are your opening hours");
        Assert.Equal(3, provider.Calls);

        await first.GetService<SemanticCacheManager>()!.RemoveByTagAsync("red");
        await UntilAsync(() => Entries(second) == 2);
        Assert.Equal(2L, await _temporary.ScalarAsync("SELECT count(*) FROM {s}.semantic_entry"));
    }

    public void Dispose() => _temporary.Dispose();

    private static int Entries(IChatClient client) => client.GetService<SemanticCacheManager>()!.GetStatistics().Entries;

    private static async Task AskAsync(IChatClient client, string question, params string[] tags)
    {
        await client.GetResponseAsync(question, new ChatOptions().WithCacheTags(tags));
        await client.GetService<SemanticCacheManager>()!.WhenIdleAsync();
    }

    private static async Task UntilAsync(Func<bool> condition)
    {
        for (var tries = 0; !condition(); tries++)
        {
            Assert.True(tries < 2_000, "It did not come to that.");
            await Task.Delay(5);
        }
    }

    private ServiceProvider Services(ScriptedChatClient provider)
    {
        var services = new ServiceCollection();
        services.AddPostgreSqlStores(options =>
        {
            options.ConnectionString = _temporary.Options.ConnectionString;
            options.Schema = _temporary.Options.Schema;
        });
        services.AddSingleton<IEmbeddingGenerator<string, Embedding<float>>>(new FakeEmbeddingGenerator());
        services
            .AddChatClient(_ => provider)
            .UseCostControls(options =>
            {
                options.UseSemanticCache = true;
                options.ExactCache.StoreTimeout = TimeSpan.FromSeconds(30);
                options.SemanticCache.StoreTimeout = TimeSpan.FromSeconds(30);
                options.SemanticCache.EmbeddingTimeout = TimeSpan.FromSeconds(30);
                options.SemanticCache.AnswerComparer = AnswerComparers.Exact;
            });
        return services.BuildServiceProvider();
    }
}
