using System.Buffers;
using System.Security.Cryptography;
using System.Text;
using LlmThrift.PostgreSql.Database;
using LlmThrift.Stores;
using Microsoft.Extensions.Caching.Distributed;
using Npgsql;

namespace LlmThrift.PostgreSql.Caching;

/// <summary>A distributed cache in the database, shared by all instances of an app.</summary>
internal sealed class PostgreSqlDistributedCache(PostgreSqlDatabase database, TimeProvider clock, long maxBytes) : IBufferDistributedCache
{
    /// <summary>A use is written down when the last one that was is so long ago: reading does not become writing.</summary>
    private const long UsePrecision = 10 * TimeSpan.TicksPerMinute;

    /// <summary>An index of PostgreSQL holds up to 2,700 bytes a key.</summary>
    private const int LongestKey = 500;

    private readonly string _table = $"{database.Schema}.cache_entry";
    private long _bytesSinceTrim;

    public byte[]? Get(string key) => Sync(() => GetAsync(key));

    public async Task<byte[]?> GetAsync(string key, CancellationToken token = default)
    {
        ArgumentNullException.ThrowIfNull(key);
        return await FindAsync(key, "value", reader => reader.GetFieldValue<byte[]>(2), token).ConfigureAwait(false);
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

    public async Task SetAsync(string key, byte[] value, DistributedCacheEntryOptions options, CancellationToken token = default)
    {
        ArgumentNullException.ThrowIfNull(key);
        ArgumentNullException.ThrowIfNull(value);
        ArgumentNullException.ThrowIfNull(options);
        var now = clock.GetUtcNow();
        var latest = CacheExpiration.LatestOf(options, now);

        var size = value.Length + (2L * key.Length) + 100;
        if (size > Math.Min(maxBytes, int.MaxValue))
        {
            await RemoveAsync(key, token).ConfigureAwait(false);
            return;
        }

        var sliding = options.SlidingExpiration?.Ticks ?? 0;
        await ExecuteAsync(
                $"""
                INSERT INTO {_table} VALUES($1, $2, $3, $4, $5, $6, $7)
                ON CONFLICT (key) DO UPDATE SET size = excluded.size, used = excluded.used, expires = excluded.expires,
                    sliding = excluded.sliding, latest = excluded.latest, value = excluded.value
                """,
                parameters =>
                {
                    parameters.Add(new NpgsqlParameter<string> { TypedValue = KeyOf(key) });
                    parameters.Add(new NpgsqlParameter<int> { TypedValue = (int)size });
                    parameters.Add(new NpgsqlParameter<long> { TypedValue = now.UtcTicks });
                    parameters.Add(
                        new NpgsqlParameter<long> { TypedValue = sliding == 0 ? latest : Math.Min(now.UtcTicks + sliding, latest) }
                    );
                    parameters.Add(new NpgsqlParameter<long> { TypedValue = sliding });
                    parameters.Add(new NpgsqlParameter<long> { TypedValue = latest });
                    parameters.Add(new NpgsqlParameter<byte[]> { TypedValue = value });
                },
                token
            )
            .ConfigureAwait(false);
        if (Interlocked.Add(ref _bytesSinceTrim, size) > maxBytes / 20)
        {
            await TrimAsync(token).ConfigureAwait(false);
        }
    }

    public void Set(string key, ReadOnlySequence<byte> value, DistributedCacheEntryOptions options) => Set(key, value.ToArray(), options);

    public ValueTask SetAsync(
        string key,
        ReadOnlySequence<byte> value,
        DistributedCacheEntryOptions options,
        CancellationToken token = default
    ) => new(SetAsync(key, value.ToArray(), options, token));

    public void Refresh(string key) =>
        Sync(async () =>
        {
            await RefreshAsync(key).ConfigureAwait(false);
            return true;
        });

    public async Task RefreshAsync(string key, CancellationToken token = default)
    {
        ArgumentNullException.ThrowIfNull(key);
        await FindAsync(key, "1", _ => true, token).ConfigureAwait(false);
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
        return ExecuteAsync(
            $"DELETE FROM {_table} WHERE key = $1",
            parameters => parameters.Add(new NpgsqlParameter<string> { TypedValue = KeyOf(key) }),
            token
        );
    }

    /// <summary>Removes what has expired, then what was not used for longest until the rest has room. One instance at a time.</summary>
    public async Task TrimAsync(CancellationToken cancellationToken)
    {
        Interlocked.Exchange(ref _bytesSinceTrim, 0);
        await ExecuteAsync(
                $"DELETE FROM {_table} WHERE expires <= $1",
                parameters => parameters.Add(new NpgsqlParameter<long> { TypedValue = clock.GetUtcNow().UtcTicks }),
                cancellationToken
            )
            .ConfigureAwait(false);
        await ExecuteAsync(
                $"""
                WITH mine AS (SELECT pg_try_advisory_xact_lock(hashtextextended('{_table} trim', 0)) AS is_mine),
                excess AS (SELECT sum(size) - $1 AS bytes FROM {_table}),
                oldest AS (
                    SELECT key, sum(size) OVER (ORDER BY used, key) - size AS before FROM {_table}
                    WHERE (SELECT is_mine FROM mine) AND (SELECT bytes FROM excess) > 0)
                DELETE FROM {_table} WHERE key IN (SELECT key FROM oldest WHERE before < (SELECT bytes FROM excess))
                """,
                parameters => parameters.Add(new NpgsqlParameter<long> { TypedValue = maxBytes }),
                cancellationToken
            )
            .ConfigureAwait(false);
    }

    private static string KeyOf(string key)
    {
        var clean = Texts.Clean(key);
        return Encoding.UTF8.GetByteCount(clean) <= LongestKey
            ? clean
            : "sha256:" + Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(clean)));
    }

    private async Task<T?> FindAsync<T>(string key, string column, Func<NpgsqlDataReader, T> read, CancellationToken token)
    {
        var now = clock.GetUtcNow().UtcTicks;
        var (value, isUseKept) = await database
            .RunAsync(
                async (connection, cancellation) =>
                {
                    var command = new NpgsqlCommand(
                        $"SELECT used, sliding, {column} FROM {_table} WHERE key = $1 AND expires > $2",
                        connection
                    );
                    await using (command.ConfigureAwait(false))
                    {
                        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = KeyOf(key) });
                        command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = now });
                        var reader = await command.ExecuteReaderAsync(cancellation).ConfigureAwait(false);
                        await using (reader.ConfigureAwait(false))
                        {
                            return await reader.ReadAsync(cancellation).ConfigureAwait(false)
                                ? (read(reader), reader.GetInt64(1) > 0 || reader.GetInt64(0) < now - UsePrecision)
                                : (default(T), false);
                        }
                    }
                },
                token
            )
            .ConfigureAwait(false);
        if (isUseKept)
        {
            await ExecuteAsync(
                    $"""
                    UPDATE {_table} SET used = $2, expires = CASE WHEN sliding > 0 THEN least(latest, $2 + sliding) ELSE expires END
                    WHERE key = $1 AND expires > $2
                    """,
                    parameters =>
                    {
                        parameters.Add(new NpgsqlParameter<string> { TypedValue = KeyOf(key) });
                        parameters.Add(new NpgsqlParameter<long> { TypedValue = now });
                    },
                    token
                )
                .ConfigureAwait(false);
        }

        return value;
    }

    private Task ExecuteAsync(string sql, Action<NpgsqlParameterCollection> addParameters, CancellationToken cancellationToken) =>
        database.RunAsync(
            async (connection, token) =>
            {
                var command = new NpgsqlCommand(sql, connection);
                await using (command.ConfigureAwait(false))
                {
                    addParameters(command.Parameters);
                    await command.ExecuteNonQueryAsync(token).ConfigureAwait(false);
                }
            },
            cancellationToken
        );

    /// <summary>The interface asks for it. On a thread of the pool, which no context of the caller's can block.</summary>
    private static T Sync<T>(Func<Task<T>> work) => Task.Run(work).GetAwaiter().GetResult();
}
