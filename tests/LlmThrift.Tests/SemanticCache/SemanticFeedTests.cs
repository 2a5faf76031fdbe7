using LlmThrift.SemanticCache;
using LlmThrift.TestKit;
using Microsoft.Extensions.AI;
using Xunit;

namespace LlmThrift.Tests.SemanticCache;

/// <summary>Two caches on one store that tells each of what the other does.</summary>
public sealed class SemanticFeedTests
{
    private const string Question = "what are your opening hours";
    private const string Similar = "your opening hours what are";

    private readonly MemorySemanticFeed _store = new();
    private readonly ManualTimeProvider _clock = new();

    [Fact]
    public async Task What_one_has_learnt_the_other_serves()
    {
        using var one = await ClientAsync();
        using var other = await ClientAsync();

        await one.AskAsync(Question);
        await UntilAsync(() => Entries(other) == Entries(one));
        var hit = await other.AskAsync(Similar);

        Assert.Contains(Question, hit.Text, StringComparison.Ordinal);
        Assert.Equal(1, other.Manager().GetStatistics().Hits);
    }

    [Fact]
    public async Task What_one_has_learnt_itself_comes_back_and_is_not_doubled()
    {
        using var one = await ClientAsync();
        for (var index = 0; index < 5; index++)
        {
            await one.AskAsync($"question {index} {index * 7} {index * 13}");
        }

        await SettleAsync(one);

        // And those of SettleAsync.
        Assert.Equal(_store.Store.Entries.Count + 3, Entries(one));
        Assert.Equal(_store.Store.Answers.Count, one.Manager().GetStatistics().Answers);
        Assert.Empty(_store.Removals);
    }

    [Fact]
    public async Task What_one_removes_the_other_forgets_without_removing_it_again()
    {
        using var one = await ClientAsync();
        using var other = await ClientAsync();
        await one.AskAsync(Question, new ChatOptions().WithCacheTags("red"));
        await UntilAsync(() => Entries(other) == Entries(one));

        await one.Manager().RemoveByTagAsync("red");
        await UntilAsync(() => Entries(other) == Entries(one));
        await SettleAsync(other);

        Assert.Single(_store.Removals);
        await other.AskAsync(Similar);
        Assert.Equal(0, other.Manager().GetStatistics().Hits);
    }

    [Fact]
    public async Task Newer_answer_of_the_other_replaces_and_stays_in_the_store()
    {
        using var one = await ClientAsync();
        using var other = await ClientAsync("newer ");
        await one.AskAsync(Question);
        await UntilAsync(() => Entries(other) == Entries(one));

        _clock.Advance(TimeSpan.FromMinutes(1));
        await other.AskAsync(Question, new ChatOptions().WithSemanticCache(SemanticCacheMode.Refresh));
        await other.Manager().WhenIdleAsync();
        await UntilAsync(() => Answers(one) == Answers(other));
        await SettleAsync(one);
        var hit = await one.AskAsync(Similar);

        Assert.StartsWith("newer", hit.Text, StringComparison.Ordinal);
        Assert.Contains(_store.Store.Entries.Values, entry => entry.Question == Question);
    }

    [Fact]
    public async Task Feed_that_fails_is_listened_to_again_and_everything_is_read_anew()
    {
        using var one = await ClientAsync();
        using var other = await ClientAsync();
        _store.Cut(new InvalidOperationException("cut"));
        await UntilAsync(() => _store.Watchers == 0);
        await one.AskAsync(Question);
        Assert.NotEqual(Entries(one), Entries(other));

        await UntilAsync(() => _clock.PendingTimers > 0);
        await UntilAsync(() =>
        {
            _clock.Advance(TimeSpan.FromSeconds(5));
            return Entries(other) == Entries(one);
        });
        await other.AskAsync(Similar);

        Assert.Equal(1, other.Manager().GetStatistics().Hits);
    }

    [Fact]
    public async Task Changes_that_cannot_be_read_are_passed_over()
    {
        using var one = await ClientAsync();
        await one.AskAsync(Question);
        var entry = _store.Store.Entries.Values.First(e => e.Question == Question);
        var answer = _store.Store.Answers[entry.AnswerId];
        var newer = entry with { CreatedAt = entry.CreatedAt.AddMinutes(1) };
        foreach (
            var (e, a) in new (StoredSemanticEntry?, StoredSemanticAnswer?)[]
            {
                (null, null),
                (newer, null),
                (newer, answer with { Payload = new byte[] { 1, 2 } }),
                (newer with { EmbeddingModel = "other" }, answer),
                (newer with { Vector = new float[] { 1 } }, answer),
                (newer with { ExpiresAt = entry.CreatedAt }, answer),
                (newer, answer with { ExpiresAt = entry.CreatedAt }),
                (entry with { CreatedAt = entry.CreatedAt.AddMinutes(-1) }, answer with { Id = "older" }),
            }
        )
        {
            _store.Tell(
                new SemanticCacheChange
                {
                    Kind = SemanticCacheChangeKind.Saved,
                    EntryId = entry.Id,
                    Entry = e,
                    Answer = a,
                }
            );
        }

        _store.Tell(new SemanticCacheChange { Kind = SemanticCacheChangeKind.Removed, EntryId = "unheard-of" });
        await SettleAsync(one);
        await one.AskAsync(Similar);

        Assert.Equal(1, one.Manager().GetStatistics().Hits);
    }

    [Fact]
    public async Task Store_that_is_registered_is_used()
    {
        using var client = ScriptedChatClient
            .Echo()
            .AsBuilder()
            .UseSemanticCache(o =>
            {
                SemanticClients.Steady(o);
                o.EmbeddingGenerator = new FakeEmbeddingGenerator();
            })
            .Build(new FewServices().With<ISemanticCacheStore>(_store));

        await client.AskAsync(Question);

        Assert.Single(_store.Store.Entries);
    }

    /// <summary>A client that has begun to listen, as it does at its first call.</summary>
    private async Task<IChatClient> ClientAsync(string answer = "")
    {
        var provider = new ScriptedChatClient((messages, _) => ScriptedAnswer.Saying(answer + "You said: " + messages[^1].Text));
        var client = provider.WithSemanticCache(configure: o => o.Store = _store, clock: _clock);
        await client.AskAsync($"hello {Guid.CreateVersion7()}");
        return client;
    }

    private static int Answers(IChatClient client) => client.Manager().GetStatistics().Answers;

    private static int Entries(IChatClient client) => client.Manager().GetStatistics().Entries;

    /// <summary>
    /// What has been told is taken in the order in which it was told: a change that is told last shows that the others are through. Three, since an entry that is being replaced may not have been
    /// counted before.
    /// </summary>
    private async Task SettleAsync(IChatClient client)
    {
        var before = Entries(client);
        var any = _store.Store.Entries.Values.First();
        for (var told = 1; told <= 3; told++)
        {
            var id = $"last {Guid.CreateVersion7()}";
            _store.Tell(
                new SemanticCacheChange
                {
                    Kind = SemanticCacheChangeKind.Saved,
                    EntryId = id,
                    Entry = any with { Id = id, Question = id },
                    Answer = _store.Store.Answers[any.AnswerId],
                }
            );
            await UntilAsync(() => Entries(client) >= before + told);
        }

        await client.Manager().WhenIdleAsync();
        await client.Manager().WhenIdleAsync();
    }

    private static async Task UntilAsync(Func<bool> condition)
    {
        for (var tries = 0; !condition(); tries++)
        {
            Assert.True(tries < 10_000, "It did not come to that.");
            await Task.Delay(5);
        }
    }
}
