using LlmThrift.SemanticCache;
using Xunit;

namespace LlmThrift.TestKit.Stores;

/// <summary>What holds for every store of a semantic cache. Derive, and give a store that is empty at the beginning of each test.</summary>
public abstract class SemanticCacheStoreContract
{
    private const string Model = "mini";

    protected static readonly DateTimeOffset Now = new(2026, 9, 1, 12, 0, 0, TimeSpan.Zero);

    protected abstract ISemanticCacheStore Store { get; }

    [StoreFact]
    public async Task Entry_and_answer_read_back_as_they_were_saved()
    {
        var entry = Entry("e1", "a1") with
        {
            Question = "What's “this” – 日本 \U0001F600?",
            Tags = ["a", "b \"quoted\"", "ä"],
            Vector = new[] { 0.25f, -0.5f, float.Epsilon, 0f },
        };
        await Store.SaveAsync(entry, Answer("a1"), default);

        var read = Assert.Single(await EntriesAsync());
        var answer = Assert.Single(await AnswersAsync());

        Assert.Equal(entry.Vector.ToArray(), read.Vector.ToArray());
        Assert.Equal(entry.Tags, read.Tags);
        Assert.Equal(entry with { Vector = default, Tags = [] }, read with { Vector = default, Tags = [] });
        Assert.Equal(Answer("a1").Payload.ToArray(), answer.Payload.ToArray());
        Assert.Equal(Answer("a1").ExpiresAt, answer.ExpiresAt);
    }

    [StoreFact]
    public async Task Saving_under_a_known_id_replaces()
    {
        await Store.SaveAsync(Entry("e1", "a1"), Answer("a1"), default);
        await Store.SaveAsync(Entry("e1", "a1") with { Question = "newer" }, Answer("a1") with { Payload = new byte[] { 9 } }, default);

        Assert.Equal("newer", Assert.Single(await EntriesAsync()).Question);
        Assert.Equal([9], Assert.Single(await AnswersAsync()).Payload.ToArray());
    }

    [StoreFact]
    public async Task Removal_of_an_entry_takes_its_answer_when_no_other_has_it()
    {
        await Store.SaveAsync(Entry("e1", "a1"), Answer("a1"), default);
        await Store.SaveAsync(Entry("e2", "a1"), Answer("a1"), default);

        await Store.RemoveAsync("e1", default);
        Assert.Equal("e2", Assert.Single(await EntriesAsync()).Id);
        Assert.Single(await AnswersAsync());

        await Store.RemoveAsync("e2", default);
        Assert.Empty(await EntriesAsync());
        Assert.Empty(await AnswersAsync());
    }

    [StoreFact]
    public async Task Removal_of_what_is_not_there_does_nothing()
    {
        await Store.RemoveAsync("e1", default);
        Assert.Empty(await EntriesAsync());
    }

    [StoreFact]
    public async Task Loading_leaves_out_other_models()
    {
        await Store.SaveAsync(Entry("e1", "a1"), Answer("a1"), default);
        await Store.SaveAsync(Entry("e2", "a2") with { EmbeddingModel = "other" }, Answer("a2"), default);

        Assert.Equal("e1", Assert.Single((await EntriesAsync()).Where(entry => entry.EmbeddingModel == Model)).Id);
    }

    [StoreFact]
    public async Task Very_many_entries_are_all_loaded()
    {
        for (var index = 0; index < 1_201; index++)
        {
            await Store.SaveAsync(Entry($"e{index}", $"a{index % 601}"), Answer($"a{index % 601}"), default);
        }

        Assert.Equal(1_201, (await EntriesAsync()).DistinctBy(entry => entry.Id).Count());
        Assert.Equal(601, (await AnswersAsync()).DistinctBy(answer => answer.Id).Count());
    }

    [StoreFact]
    public async Task Saving_at_once_keeps_all()
    {
        await Task.WhenAll(
            Enumerable
                .Range(0, 200)
                .Select(index =>
                    Task.Run(async () => await Store.SaveAsync(Entry($"e{index}", $"a{index % 5}"), Answer($"a{index % 5}"), default))
                )
        );

        Assert.Equal(200, (await EntriesAsync()).Count);
        Assert.Equal(5, (await AnswersAsync()).Count);
    }

    [StoreFact]
    public async Task Operation_cancelled_before_it_begins_ends_as_cancelled()
    {
        var cancelled = new CancellationToken(canceled: true);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () =>
            await Store.SaveAsync(Entry("e1", "a1"), Answer("a1"), cancelled)
        );
        Assert.Empty(await EntriesAsync());
    }

    protected static StoredSemanticEntry Entry(string id, string answer) =>
        new()
        {
            Id = id,
            Scope = "scope",
            Question = "question of " + id,
            Vector = new[] { 1f, 0f },
            EmbeddingModel = Model,
            AnswerId = answer,
            CreatedAt = Now,
            ExpiresAt = Now.AddHours(1),
        };

    protected static StoredSemanticAnswer Answer(string id) =>
        new()
        {
            Id = id,
            Payload = new byte[] { 1, 2, 3, 0 },
            ExpiresAt = Now.AddHours(2),
        };

    protected async Task<List<StoredSemanticEntry>> EntriesAsync(DateTimeOffset? now = null)
    {
        var entries = new List<StoredSemanticEntry>();
        await foreach (var entry in Store.LoadEntriesAsync(Model, now ?? Now, default))
        {
            entries.Add(entry);
        }

        return entries;
    }

    protected async Task<List<StoredSemanticAnswer>> AnswersAsync(DateTimeOffset? now = null)
    {
        var answers = new List<StoredSemanticAnswer>();
        await foreach (var answer in Store.LoadAnswersAsync(now ?? Now, default))
        {
            answers.Add(answer);
        }

        return answers;
    }
}
