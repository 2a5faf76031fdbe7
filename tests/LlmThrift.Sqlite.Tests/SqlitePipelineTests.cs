using LlmThrift.SemanticCache;
using LlmThrift.TestKit;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace LlmThrift.Sqlite.Tests;

/// <summary>The caches of a pipeline find the store that the app has registered.</summary>
public sealed class SqlitePipelineTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("llmthrift-sqlite-").FullName;

    [Fact]
    public async Task Answers_outlive_the_process()
    {
        using var provider = ScriptedChatClient.Echo();
        const string Question = "what are your opening hours";
        await using (var first = Services(provider))
        {
            var client = first.GetRequiredService<IChatClient>();
            await client.GetResponseAsync(Question);
            await client.GetService<SemanticCacheManager>()!.WhenIdleAsync();
        }

        await using var second = Services(provider);
        var again = second.GetRequiredService<IChatClient>();
        var answer = await again.GetResponseAsync(Question);
        Assert.Equal(1, provider.Calls);
        Assert.Contains(Question, answer.Text, StringComparison.Ordinal);

        await again.GetResponseAsync("something else altogether");
        await again.GetService<SemanticCacheManager>()!.WhenIdleAsync();
        Assert.Equal(2, again.GetService<SemanticCacheManager>()!.GetStatistics().Entries);
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private ServiceProvider Services(ScriptedChatClient provider)
    {
        var services = new ServiceCollection();
        services.AddSqliteStores(Path.Combine(_folder, "store.db"));
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
