using LlmThrift.SemanticCache;
using Microsoft.Extensions.AI;
using Xunit;
using Xunit.Abstractions;

namespace LlmThrift.Embeddings.Tests.SemanticCache;

/// <summary>The whole semantic cache on questions that look alike but have different answers, and on true paraphrases.</summary>
public sealed class HardNegativeTests(ITestOutputHelper output)
{
    [Fact]
    public void Table_is_as_large_as_it_should_be()
    {
        Assert.True(Topic.All.Count >= 60);
        Assert.All(Topic.All, topic => Assert.InRange(topic.Seeds.Count, 4, 6));
        Assert.All(Topic.All, topic => Assert.NotEmpty(topic.Paraphrases));
        Assert.True(Topic.All.Sum(topic => topic.Paraphrases.Count) >= 70);
        Assert.True(Topic.All.Sum(topic => topic.HardNegatives.Count) >= 170);
    }

    [Theory]
    [InlineData(1, SemanticCacheMode.Default, 0.5)]
    [InlineData(2, SemanticCacheMode.Default, 0.5)]
    [InlineData(3, SemanticCacheMode.Default, 0.5)]
    [InlineData(1, SemanticCacheMode.ReadOnly, 0.85)]
    [InlineData(2, SemanticCacheMode.ReadOnly, 0.85)]
    [InlineData(3, SemanticCacheMode.ReadOnly, 0.85)]
    public async Task Warm_cache_serves_most_paraphrases_and_no_hard_negative(int seed, SemanticCacheMode probeMode, double share)
    {
        var random = new Random(seed);
        using var model = new AnsweringModel();
        using var client = await PipelineAsync(model, seed);
        var seeds = Topic.All.SelectMany(topic => topic.Seeds).ToArray();
        random.Shuffle(seeds);
        foreach (var question in seeds)
        {
            await AskAsync(client, model, question, SemanticCacheMode.Default);
        }

        var paraphrases = Topic.All.SelectMany(topic => topic.Paraphrases).ToHashSet(StringComparer.Ordinal);
        var probes = Topic.All.SelectMany(topic => topic.HardNegatives.Select(negative => negative.Text)).Concat(paraphrases).ToArray();
        random.Shuffle(probes);
        var served = 0;
        var wrong = new List<string>();
        foreach (var question in probes)
        {
            if (await AskAsync(client, model, question, probeMode) is { } answer)
            {
                served += paraphrases.Contains(question) ? 1 : 0;
                if (answer != AnsweringModel.AnswerTo(question))
                {
                    wrong.Add($"{question} -> {answer}");
                }
            }
            else if (paraphrases.Contains(question))
            {
                output.WriteLine($"not served: {question}");
            }
        }

        wrong.ForEach(output.WriteLine);
        output.WriteLine($"{served} of {paraphrases.Count} paraphrases served");
        Assert.Empty(wrong);
        Assert.True(served >= share * paraphrases.Count, $"{served} of {paraphrases.Count} paraphrases served");
    }

    private static async Task<IChatClient> PipelineAsync(AnsweringModel model, int seed)
    {
        var generator = await EncodedOnce.Shared.Value;
        return new ChatClientBuilder(model)
            .UseSemanticCache(o =>
            {
                o.EmbeddingGenerator = generator;
                o.AnswerComparer = AnswerComparers.Exact;
                o.EmbeddingTimeout = TimeSpan.FromSeconds(60);
                o.Seed = seed;
            })
            .Build();
    }

    /// <summary>The answer when the cache gave it; null when the model did.</summary>
    private static async Task<string?> AskAsync(IChatClient client, AnsweringModel model, string question, SemanticCacheMode mode)
    {
        var calls = model.Calls;
        var response = await client.GetResponseAsync(question, new ChatOptions().WithSemanticCache(mode));
        await client.GetService<SemanticCacheManager>()!.WhenIdleAsync();
        return model.Calls == calls ? response.Text : null;
    }
}
