using System.Buffers;
using LlmThrift.Sqlite.Database;
using LlmThrift.Stores;
using Microsoft.Extensions.Caching.Distributed;

namespace LlmThrift.Sqlite.Caching;

/// <summary>A distributed cache in the file, shared by the processes of one machine.</summary>
internal sealed class SqliteDistributedCache(SqliteFile file, SqliteWriter writer, TimeProvider clock, long maxBytes)
    : IBufferDistributedCache
{
    /// <summary>A use is written down when the last one that was is so long ago: reading does not become writing.</summary>
    private const long UsePrecision = 10 * TimeSpan.TicksPerMinute;

    private const int RemovedAtOnce = 100;

    public byte[]? Get(string key) => Sync(() => GetAsync(key));

    public Task<byte[]?> GetAsync(string key, CancellationToken token = default)
    {
        ArgumentNullException.ThrowIfNull(key);
        token.ThrowIfCancellationRequested();
        var found = Find(key, withValue: true);
        return found.Refresh ? RefreshedAsync() : Task.FromResult(found.Value);

        async Task<byte[]?> RefreshedAsync()
        {
            await UseAsync(key, token).ConfigureAwait(false);
            return found.Value;
        }
    }

    public bool TryGet(string key, IBufferWriter<byte> destination) => Sync(() => TryGetAsync(key, destination).AsTask());

    public async ValueTask<bool> TryGetAsync(string key, IBufferWriter<byte> destination, CancellationToken token = default)
    {
        ArgumentNullException.ThrowIfNull(destination);
        if (await GetAsync(key, token).ConfigureAwait(false) is not { } value)
        {
            return false;
        }

        destination.Write(value);
        return true;
    }

    public void Set(string key, byte[] value, DistributedCacheEntryOptions options) =>
        Sync(async () =>
        {
            await SetAsync(key, value, options).ConfigureAwait(false);
            return true;
        });

    public Task SetAsync(string key, byte[] value, DistributedCacheEntryOptions options, CancellationToken token = default)
    {
        ArgumentNullException.ThrowIfNull(value);
        return SetAsync(key, new ReadOnlyMemory<byte>(value), options, token);
    }

    public void Set(string key, ReadOnlySequence<byte> value, DistributedCacheEntryOptions options) => Set(key, value.ToArray(), options);

    public ValueTask SetAsync(
        string key,
        ReadOnlySequence<byte> value,
        DistributedCacheEntryOptions options,
        CancellationToken token = default
    ) => new(SetAsync(key, value.IsSingleSegment ? value.First : value.ToArray(), options, token));

    public void Refresh(string key) =>
        Sync(async () =>
        {
            await RefreshAsync(key).ConfigureAwait(false);
            return true;
        });

    public Task RefreshAsync(string key, CancellationToken token = default)
    {
        ArgumentNullException.ThrowIfNull(key);
        token.ThrowIfCancellationRequested();
        return Find(key, withValue: false).Refresh ? UseAsync(key, token) : Task.CompletedTask;
    }

    public void Remove(string key) =>
        Sync(async () =>
        {
            await RemoveAsync(key).ConfigureAwait(false);
            return true;
        });

    public Task RemoveAsync(string key, CancellationToken token = default)
    {
        ArgumentNullException.ThrowIfNull(key);
        return writer.RunAsync(database => CacheTables.Remove(database, key), isBulk: true, token);
    }

    /// <summary>Removes what has expired.</summary>
    public async Task RemoveExpiredAsync(CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow().UtcTicks;
        var freed = 1L;
        while (freed > 0)
        {
            await writer
                .RunAsync(
                    database =>
                    {
                        freed = CacheTables.RemoveSome(database, "expires<=?1 ORDER BY expires", now, RemovedAtOnce);
                        CacheTables.AddBytes(database, -freed);
                    },
                    isBulk: true,
                    cancellationToken
                )
                .ConfigureAwait(false);
        }
    }

    private Task SetAsync(string key, ReadOnlyMemory<byte> value, DistributedCacheEntryOptions options, CancellationToken token)
    {
        ArgumentNullException.ThrowIfNull(key);
        ArgumentNullException.ThrowIfNull(options);
        var now = clock.GetUtcNow();
        var latest = CacheExpiration.LatestOf(options, now);

        return writer.RunAsync(new SetOperation(key, value, now.UtcTicks, options.SlidingExpiration?.Ticks ?? 0, latest, maxBytes), token);
    }

    /// <returns>The value, null when there is none, and whether its use must be written down.</returns>
    private (byte[]? Value, bool Refresh) Find(string key, bool withValue) =>
        file.Read(database =>
        {
            var now = clock.GetUtcNow().UtcTicks;
            using var row = new SqliteReader(
                database.Statement(
                    withValue
                        ? "SELECT used, sliding, value FROM cache_entry WHERE key=?1 AND expires>?2"
                        : "SELECT used, sliding FROM cache_entry WHERE key=?1 AND expires>?2"
                )
            );
            row.Statement.Bind(1, key).Bind(2, now);
            return row.Statement.Step()
                ? (
                    withValue ? row.Statement.Blob(2).ToArray() : null,
                    row.Statement.Integer(1) > 0 || row.Statement.Integer(0) < now - UsePrecision
                )
                : (null, false);
        });

    private Task UseAsync(string key, CancellationToken token)
    {
        var now = clock.GetUtcNow().UtcTicks;
        return writer.RunAsync(
            database =>
                database
                    .Statement(
                        "UPDATE cache_entry SET used=?2, expires=CASE WHEN sliding>0 THEN min(latest, ?2+sliding) ELSE expires END WHERE key=?1 AND expires>?2"
                    )
                    .Bind(1, key)
                    .Bind(2, now)
                    .Execute(),
            isBulk: true,
            token
        );
    }

    /// <summary>The interface asks for it. Mostly all is done on this thread; what is not waits for another that never waits for this one.</summary>
    private static T Sync<T>(Func<Task<T>> work) => work().GetAwaiter().GetResult();
}
