using LlmThrift.Diagnostics;
using LlmThrift.Metering;
using LlmThrift.TestKit;
using Microsoft.Extensions.AI;
using Xunit;

namespace LlmThrift.Tests.SemanticCache;

/// <summary>Questions that are asked at the same time.</summary>
public sealed class SharedQuestionTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Thousand_identical_questions_make_one_embedding_and_one_request(bool withExactCache)
    {
        var gate = new TaskCompletionSource();
        using var provider = new ScriptedChatClient(new ScriptedAnswer { Gate = gate.Task });
        var embedder = new FakeEmbeddingGenerator();
        var begun = 0;
        using var client = provider.WithSemanticCache(
            embedder,
            configureAll: o =>
            {
                o.UseExactCache = withExactCache;
                o.ExactCache.Partition = tags =>
                {
                    Interlocked.Increment(ref begun);
                    return tags.Tenant;
                };
            }
        );
        var records = new System.Collections.Concurrent.ConcurrentQueue<CallRecord>();
        var asking = Enumerable
            .Range(0, 1000)
            .Select(i =>
                Task.Run(() =>
                {
                    var options = new ChatOptions().WithCallRecord(records.Enqueue);
                    return i % 2 == 0
                        ? client.GetStreamingResponseAsync("question", options).ToChatResponseAsync()
                        : client.GetResponseAsync("question", options);
                })
            )
            .ToArray();
        await UntilAsync(() => provider.Calls == 1 && Volatile.Read(ref begun) > 1000);
        await Task.Delay(TimeSpan.FromSeconds(1));
        gate.SetResult();

        foreach (var response in await Task.WhenAll(asking).WaitAsync(Patience))
        {
            Assert.Equal("Hello, world.", response.Text);
        }

        Assert.Equal((1, 1), (provider.Calls, embedder.Calls));
        Assert.Equal((100 * 2.5m + 20 * 10m) / 1_000_000m, records.Sum(r => r.ActualCost));
        Assert.Equal(999, records.Count(r => r.ServedBy == (withExactCache ? CostStages.ExactCache : CostStages.SemanticCache)));
        Assert.All(records, r => Assert.Equal(r.Saving, r.SavingByStage.Sum(s => s.Saving)));
        await client.Manager().WhenIdleAsync();
        Assert.Equal(1, client.Manager().GetStatistics().Entries);
    }

    [Fact]
    public async Task Thousand_similar_questions_at_once_are_all_served_one_answer()
    {
        using var provider = ScriptedChatClient.Echo();
        using var client = provider.WithSemanticCache(new FakeEmbeddingGenerator { Script = _ => [1, 0] });
        var first = await client.AskAsync("the first");
        var records = new System.Collections.Concurrent.ConcurrentQueue<CallRecord>();

        var answers = await Task.WhenAll(
                Enumerable
                    .Range(0, 1000)
                    .Select(i =>
                        Task.Run(() => client.AskAsync($"question {i}", new ChatOptions().WithCallRecord(records.Enqueue), i % 2 == 0))
                    )
            )
            .WaitAsync(Patience);

        Assert.All(answers, answer => Assert.Equal(first.Text, answer.Text));
        Assert.Equal(1, provider.Calls);
        Assert.Equal(1000, records.Select(r => r.SemanticMatch!.HitId).Distinct().Count());
        Assert.Equal(1000, client.Manager().GetStatistics().Hits);
    }

    [Fact]
    public async Task Callers_who_share_a_hit_each_get_its_details_and_it_is_one_hit()
    {
        var gate = new TaskCompletionSource();
        var embedder = new FakeEmbeddingGenerator { Script = _ => [1, 0] };
        using var provider = new ScriptedChatClient();
        using var client = provider.WithSemanticCache(embedder);
        await client.AskAsync("the first");
        embedder.Gate = gate.Task;
        var records = new System.Collections.Concurrent.ConcurrentQueue<CallRecord>();
        var asking = Enumerable
            .Range(0, 20)
            .Select(i =>
                i % 2 == 0
                    ? client
                        .GetStreamingResponseAsync("the second", new ChatOptions().WithCallRecord(records.Enqueue))
                        .ToChatResponseAsync()
                    : client.GetResponseAsync("the second", new ChatOptions().WithCallRecord(records.Enqueue))
            )
            .ToArray();
        gate.SetResult();
        await Task.WhenAll(asking).WaitAsync(Patience);

        Assert.Equal(1, provider.Calls);
        Assert.All(records, r => Assert.Equal(CostStages.SemanticCache, r.ServedBy));
        Assert.All(records, r => Assert.NotNull(r.SemanticMatch));
        Assert.All(records, r => Assert.Equal(r.Saving, r.SavingByStage.Sum(s => s.Saving)));
    }

    private static async Task UntilAsync(Func<bool> condition)
    {
        using var timeout = new CancellationTokenSource(Patience);
        while (!condition())
        {
            await Task.Delay(5, timeout.Token);
        }
    }
}
