using LlmThrift.Metering;
using LlmThrift.SemanticCache;
using LlmThrift.TestKit;
using LlmThrift.Vectors;
using Microsoft.Extensions.AI;
using Xunit;

namespace LlmThrift.Tests.SemanticCache;

/// <summary>Whatever the embedder does, calls go through.</summary>
public sealed class EmbedderFailureTests
{
    [Fact]
    public async Task Embedder_that_fails_lets_calls_through()
    {
        using var provider = ScriptedChatClient.Echo();
        using var client = provider.WithSemanticCache(new FakeEmbeddingGenerator { Failure = new HttpRequestException("down") });

        await AssertPassesAsync(client, provider, "embedder_failed");
    }

    public static TheoryData<float[]> BadVectors =>
        new()
        {
            new[] { float.NaN, 1f, 1f, 1f },
            new[] { float.PositiveInfinity, 0, 0, 0 },
            new float[4],
            new float[3],
            Array.Empty<float>(),
        };

    [Theory]
    [MemberData(nameof(BadVectors))]
    public async Task Vector_that_is_none_is_not_used(float[] vector)
    {
        using var provider = ScriptedChatClient.Echo();
        var embedder = new FakeEmbeddingGenerator { Metadata = new("fake", null, "fake-embedding", 4), Script = _ => vector };
        using var client = provider.WithSemanticCache(embedder);

        await AssertPassesAsync(client, provider, "embedder_invalid");
    }

    [Fact]
    public async Task Vector_of_other_dimensions_than_the_first_is_not_used()
    {
        using var provider = ScriptedChatClient.Echo();
        var embedder = new FakeEmbeddingGenerator { Script = _ => [1, 0, 0] };
        using var client = provider.WithSemanticCache(embedder);
        await client.AskAsync("the first");
        embedder.Script = _ => [1, 0];

        Assert.Contains("the second", (await client.AskAsync("the second")).Text, StringComparison.Ordinal);

        Assert.Equal(1, client.Manager().GetStatistics().Entries);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Embedder_that_is_slow_lets_the_call_through_and_its_late_vector_is_used_to_keep_the_answer(bool isStreaming)
    {
        var gate = new TaskCompletionSource();
        using var provider = new ScriptedChatClient();
        var embedder = new FakeEmbeddingGenerator { Gate = gate.Task };
        var timeout = TimeSpan.FromMilliseconds(1);
        using var client = provider.WithSemanticCache(embedder, o => o.EmbeddingTimeout = timeout);
        ChatMessage[] question = [new(ChatRole.User, "what are your opening hours")];

        var response = isStreaming
            ? await client.GetStreamingResponseAsync(question).ToChatResponseAsync()
            : await client.GetResponseAsync(question);
        Assert.Equal("Hello, world.", response.Text);
        Assert.Equal(0, client.Manager().GetStatistics().Entries);
        Assert.Equal(1, client.GetService<CostReport>()!.GetSummary().PassedBy["semantic_cache: embedder_timeout"]);

        gate.SetResult();
        await client.Manager().WhenIdleAsync();
        Assert.Equal(1, client.Manager().GetStatistics().Entries);
    }

    [Theory]
    [InlineData(true, 20, true)]
    [InlineData(true, 400, false)]
    [InlineData(false, 20, false)]
    public async Task Quick_embedder_is_called_on_the_thread_of_a_short_question(bool isQuick, int length, bool isOnCallersThread)
    {
        var thread = 0;
        using var provider = ScriptedChatClient.Echo();
        var embedder = new FakeEmbeddingGenerator
        {
            Script = _ =>
            {
                thread = Environment.CurrentManagedThreadId;
                return [1, 0];
            },
            Service = isQuick ? new QuickScorer() : null,
        };
        using var client = provider.WithSemanticCache(embedder);
        var caller = 0;
        var asking = Task.CompletedTask;

        // A thread of its own: one of the pool might be given the work that it began.
        var asks = new Thread(() =>
        {
            caller = Environment.CurrentManagedThreadId;
            asking = client.AskAsync(new string('a', length));
        });
        asks.Start();
        asks.Join();
        await asking;

        Assert.Equal(isOnCallersThread, thread == caller);
    }

    [Fact]
    public async Task Embedder_with_too_much_waiting_is_not_given_more()
    {
        var gate = new TaskCompletionSource();
        using var provider = ScriptedChatClient.Echo();
        using var client = provider.WithSemanticCache(
            new FakeEmbeddingGenerator { Gate = gate.Task },
            o => o.EmbeddingTimeout = TimeSpan.FromMilliseconds(1)
        );

        await Task.WhenAll(Enumerable.Range(0, 1_100).Select(i => client.GetResponseAsync($"question {i}")));

        var passedBy = client.GetService<CostReport>()!.GetSummary().PassedBy;
        Assert.Equal((1_024L, 76L), (passedBy["semantic_cache: embedder_timeout"], passedBy["semantic_cache: embedder_busy"]));
        gate.SetResult();
        await client.Manager().WhenIdleAsync();
    }

    [Fact]
    public async Task Call_cancelled_while_its_question_is_embedded_does_not_reach_the_provider()
    {
        using var provider = ScriptedChatClient.Echo();
        var embedder = new FakeEmbeddingGenerator { Gate = new TaskCompletionSource().Task };
        using var client = provider.WithSemanticCache(embedder);
        using var source = new CancellationTokenSource();
        CallRecord? record = null;
        var asking = client.GetResponseAsync("question", new ChatOptions().WithCallRecord(r => record = r), source.Token);

        await source.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => asking);

        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        while (record is null)
        {
            await Task.Delay(1, patience.Token);
        }

        Assert.Equal(0, provider.Calls);
        Assert.Equal((CallOutcome.Cancelled, 0m, 0m), (record.Outcome, record.ActualCost!.Value, record.BaselineCost!.Value));
        Assert.Empty(record.Attempts);
    }

    [Fact]
    public async Task Failures_are_counted_and_logged_once()
    {
        var log = new RecordingLoggerFactory();
        using var client = new ScriptedChatClient()
            .AsBuilder()
            .UseSemanticCache(new FakeEmbeddingGenerator { Failure = new HttpRequestException("secret") }, SemanticClients.Steady)
            .Build(new FewServices().With<Microsoft.Extensions.Logging.ILoggerFactory>(log));

        await client.AskAsync("one");
        await client.AskAsync("two");

        Assert.Single(log.Entries, e => e.Message.Contains("embedding generator", StringComparison.Ordinal));
        Assert.DoesNotContain(log.Entries, e => e.Message.Contains("secret", StringComparison.Ordinal));
    }

    private static async Task AssertPassesAsync(IChatClient client, ScriptedChatClient provider, string reason)
    {
        foreach (var isStreaming in new[] { false, true })
        {
            var question = $"what are your opening hours {isStreaming}";
            Assert.Contains(question, (await client.AskAsync(question, isStreaming: isStreaming)).Text, StringComparison.Ordinal);
        }

        Assert.Equal(2, provider.Calls);
        Assert.Equal(2, client.GetService<CostReport>()!.GetSummary().PassedBy["semantic_cache: " + reason]);
        Assert.Equal(0, client.Manager().GetStatistics().Entries);
    }

    private sealed class QuickScorer : IQuestionPairScorer, IQuickEmbeddingGenerator
    {
        public float Score(in QuestionPair pair) => pair.Similarity;
    }
}
