using LlmThrift.SemanticCache;
using LlmThrift.TestKit;
using Microsoft.Extensions.AI;
using Xunit;

namespace LlmThrift.Tests.SemanticCache;

public sealed class SemanticStoreTests
{
    private const string Question = "what are your opening hours";
    private const string Similar = "your opening hours what are";

    [Fact]
    public async Task Store_serves_the_next_process()
    {
        var store = new MemorySemanticStore();
        using var provider = ScriptedChatClient.Echo();
        using (var one = Client(provider, store))
        {
            await one.AskAsync(Question, new ChatOptions().WithCacheTags("red"));
        }

        using var other = Client(provider, store);
        await LoadAsync(other);
        var hit = await other.AskAsync(Similar);

        Assert.Contains(Question, hit.Text, StringComparison.Ordinal);
        Assert.Equal(1, other.Manager().GetStatistics().Hits);
        await other.Manager().RemoveByTagAsync("red");
        Assert.DoesNotContain(store.Entries.Values, e => e.Question == Question);
    }

    [Fact]
    public async Task Questions_of_one_answer_store_it_once_and_their_removal_takes_it_along()
    {
        var store = new MemorySemanticStore();
        using var client = Client(new ScriptedChatClient(), store, new FakeEmbeddingGenerator { Script = ByFirstLetter });
        await client.AskAsync("a question");
        await client.AskAsync("b question");
        Assert.Equal((2, 1), (store.Entries.Count, store.Answers.Count));

        await client.Manager().ClearAsync();

        Assert.Equal((0, 0), (store.Entries.Count, store.Answers.Count));
    }

    [Fact]
    public async Task Evicted_and_replaced_entries_leave_the_store()
    {
        var store = new MemorySemanticStore();
        using var client = Client(ScriptedChatClient.Echo(), store, configure: o => o.MaxEntries = 3);
        for (var i = 0; i < 10; i++)
        {
            await client.AskAsync($"question {i} {i * 7} {i * 13}");
        }

        await client.AskAsync("question 9 63 117", new ChatOptions().WithSemanticCache(SemanticCacheMode.Refresh));
        await client.Manager().WhenIdleAsync();

        Assert.Equal((3, 3), (store.Entries.Count, store.Answers.Count));
    }

    [Fact]
    public async Task Entries_of_another_model_or_dimension_expired_or_damaged_are_not_loaded()
    {
        var clock = new ManualClock();
        var store = new MemorySemanticStore();
        using (var one = Client(ScriptedChatClient.Echo(), store, clock: clock))
        {
            foreach (var question in new[] { "model m", "length l", "expired e", "damaged d", "good g" })
            {
                await one.AskAsync(question);
            }
        }

        void Change(string question, Func<StoredSemanticEntry, StoredSemanticEntry> change)
        {
            var entry = store.Entries.Values.Single(e => e.Question == question);
            store.Entries[entry.Id] = change(entry);
        }

        Change("model m", e => e with { EmbeddingModel = "another" });
        Change("length l", e => e with { Vector = new float[] { 1, 0 } });
        Change("expired e", e => e with { ExpiresAt = clock.GetUtcNow() });
        var damaged = store.Answers[store.Entries.Values.Single(e => e.Question == "damaged d").AnswerId];
        var payload = damaged.Payload.ToArray();
        payload[^10] ^= 1;
        store.Answers[damaged.Id] = damaged with { Payload = payload };

        using var other = Client(
            ScriptedChatClient.Echo(),
            store,
            new FakeEmbeddingGenerator { Metadata = new("fake", null, "fake-embedding", 256) },
            clock: clock
        );
        await LoadAsync(other);

        Assert.Equal(1, other.Manager().GetStatistics().Entries);
    }

    [Fact]
    public async Task Entries_learnt_before_the_store_was_read_are_newer_than_its()
    {
        var number = 0;
        var store = new MemorySemanticStore();
        using var provider = new ScriptedChatClient((_, _) => ScriptedAnswer.Saying($"answer {++number}"));
        using (var one = Client(provider, store))
        {
            await one.AskAsync(Question);
        }

        var gate = new TaskCompletionSource();
        store.Gate = gate.Task;
        using var other = Client(provider, store);
        await other.GetResponseAsync(Question);
        gate.SetResult();
        await other.Manager().WhenIdleAsync();

        Assert.Equal("answer 2", (await other.AskAsync(Similar)).Text);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Store_that_is_down_or_slow_is_not_noticed(bool isDown)
    {
        var store = isDown
            ? new MemorySemanticStore { Failure = new TimeoutException("down") }
            : new MemorySemanticStore { Gate = new TaskCompletionSource().Task };
        using var provider = ScriptedChatClient.Echo();
        using var client = Client(provider, store, configure: o => o.StoreTimeout = TimeSpan.FromMilliseconds(1));

        var first = await client.GetResponseAsync(Question);
        var second = await client.GetResponseAsync(Similar);

        Assert.Equal(1, provider.Calls);
        Assert.Equal(first.Text, second.Text);
    }

    private static IChatClient Client(
        IChatClient provider,
        ISemanticCacheStore store,
        FakeEmbeddingGenerator? embedder = null,
        Action<SemanticCacheOptions>? configure = null,
        TimeProvider? clock = null
    ) =>
        provider.WithSemanticCache(
            embedder,
            o =>
            {
                o.Store = store;
                o.StoreTimeout = SemanticClients.NoHurry;
                configure?.Invoke(o);
            },
            clock,
            o => o.UseExactCache = false
        );

    /// <summary>The first call begins to read the store, whatever it asks.</summary>
    private static Task<ChatResponse> LoadAsync(IChatClient client) =>
        client.AskAsync("something else", new ChatOptions().WithSemanticCache(SemanticCacheMode.ReadOnly));

    private static float[] ByFirstLetter(string text) => text[0] == 'a' ? [1, 0] : [0.8f, 0.6f];
}
