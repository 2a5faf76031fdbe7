using LlmThrift.PostgreSql.Tests.Server;
using LlmThrift.SemanticCache;
using LlmThrift.TestKit.Stores;
using Xunit;

namespace LlmThrift.PostgreSql.Tests;

/// <summary>What one instance saves and removes, others are told.</summary>
[RequiresServer]
[Collection(ServerGroup.Name)]
public sealed class PostgreSqlFeedTests(SharedServer shared) : IDisposable
{
    private const string Model = "m";
    private static readonly DateTimeOffset Now = new(2026, 9, 1, 12, 0, 0, TimeSpan.Zero);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private readonly TemporaryStore _temporary = new(shared.Server);

    [StoreFact]
    public async Task Saved_and_removed_entries_are_told_to_others_and_not_to_who_did_it()
    {
        await using var other = _temporary.Another();
        await using var mine = await WatchAsync(_temporary.Store);
        await using var others = await WatchAsync(other);
        for (var index = 0; index < 20; index++)
        {
            await SaveAsync(_temporary.Store, $"e{index}");
            var change = await NextAsync(others);
            Assert.Equal((SemanticCacheChangeKind.Saved, $"e{index}"), (change.Kind, change.EntryId));
            Assert.Equal($"question of e{index}", change.Entry!.Question);
            Assert.Equal([1, 2], change.Answer!.Payload.ToArray());
        }

        await _temporary.Store.SemanticCache.RemoveAsync("e3", default);
        var removed = await NextAsync(others);
        Assert.Equal((SemanticCacheChangeKind.Removed, "e3"), (removed.Kind, removed.EntryId));

        // The first that comes is the other's.
        await SaveAsync(other, "from the other");
        Assert.Equal("from the other", (await NextAsync(mine)).EntryId);
    }

    [StoreFact]
    public async Task Entries_of_another_model_are_not_told()
    {
        await using var other = _temporary.Another();
        await using var others = await WatchAsync(other);

        await SaveAsync(_temporary.Store, "e1", "another");
        await SaveAsync(_temporary.Store, "e2");

        Assert.Equal("e2", (await NextAsync(others)).EntryId);
    }

    [StoreFact]
    public async Task Connection_that_is_cut_is_made_again_and_what_happened_meanwhile_is_told()
    {
        await using var other = _temporary.Another();
        await using var others = await WatchAsync(other);
        await SaveAsync(_temporary.Store, "before");
        Assert.Equal("before", (await NextAsync(others)).EntryId);

        for (var cut = 0; cut < 3; cut++)
        {
            await _temporary.ScalarAsync("SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE pid <> pg_backend_pid()");
            await SaveAsync(_temporary.Store, $"meanwhile {cut}");
            await _temporary.Store.SemanticCache.RemoveAsync("before", default);

            Assert.Equal($"meanwhile {cut}", (await NextAsync(others)).EntryId);
            Assert.Equal((SemanticCacheChangeKind.Removed, "before"), await KindAndIdAsync(others));
        }
    }

    [StoreFact]
    public async Task More_changes_than_are_read_at_once_are_all_told_in_order()
    {
        await using var other = _temporary.Another();
        await using var others = await WatchAsync(other);
        for (var index = 0; index < 450; index++)
        {
            await SaveAsync(_temporary.Store, $"e{index}");
        }

        for (var index = 0; index < 450; index++)
        {
            Assert.Equal($"e{index}", (await NextAsync(others)).EntryId);
        }
    }

    [StoreFact]
    public async Task Watching_ends_with_the_store_and_with_its_cancellation()
    {
        var other = _temporary.Another();
        await using var others = await WatchAsync(other);
        var waiting = others.MoveNextAsync().AsTask();
        await other.DisposeAsync();
        Assert.False(await waiting.WaitAsync(Patience));

        using var source = new CancellationTokenSource();
        await using var cancelled = ((ISemanticCacheFeed)_temporary.Store.SemanticCache)
            .WatchAsync(Model, source.Token)
            .GetAsyncEnumerator();
        Assert.True(await cancelled.MoveNextAsync());
        waiting = cancelled.MoveNextAsync().AsTask();
        await source.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting.WaitAsync(Patience));
    }

    public void Dispose() => _temporary.Dispose();

    private static async Task<IAsyncEnumerator<SemanticCacheChange>> WatchAsync(PostgreSqlStore store)
    {
        var watch = ((ISemanticCacheFeed)store.SemanticCache).WatchAsync(Model, default).GetAsyncEnumerator();
        Assert.Equal(SemanticCacheChangeKind.Reload, (await NextAsync(watch)).Kind);
        return watch;
    }

    private static async Task<SemanticCacheChange> NextAsync(IAsyncEnumerator<SemanticCacheChange> watch)
    {
        Assert.True(await watch.MoveNextAsync().AsTask().WaitAsync(Patience));
        return watch.Current;
    }

    private static async Task<(SemanticCacheChangeKind Kind, string EntryId)> KindAndIdAsync(IAsyncEnumerator<SemanticCacheChange> watch)
    {
        var change = await NextAsync(watch);
        return (change.Kind, change.EntryId);
    }

    private static ValueTask SaveAsync(PostgreSqlStore store, string id, string model = Model) =>
        store.SemanticCache.SaveAsync(
            new StoredSemanticEntry
            {
                Id = id,
                Scope = "s",
                Question = "question of " + id,
                Vector = new float[] { 1, 0 },
                EmbeddingModel = model,
                AnswerId = "a " + id,
                CreatedAt = Now,
                ExpiresAt = Now.AddHours(1),
            },
            new StoredSemanticAnswer
            {
                Id = "a " + id,
                Payload = new byte[] { 1, 2 },
                ExpiresAt = Now.AddHours(1),
            },
            default
        );
}
