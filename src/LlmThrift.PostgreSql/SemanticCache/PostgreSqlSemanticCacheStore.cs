using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using LlmThrift.PostgreSql.Database;
using LlmThrift.SemanticCache;
using LlmThrift.Stores;
using Npgsql;

namespace LlmThrift.PostgreSql.SemanticCache;

/// <summary>Questions and answers of a semantic cache in the database; tells what other instances save and remove.</summary>
#pragma warning disable CA1001 // A source without a timer holds nothing that must be given back.
internal sealed class PostgreSqlSemanticCacheStore(PostgreSqlDatabase database, TimeProvider clock)
    : ISemanticCacheStore,
        ISemanticCacheFeed
#pragma warning restore CA1001
{
    private const int RowsAtOnce = 500;
    private const string EntryColumns = "e.id, e.scope, e.question, e.model, e.answer, e.created, e.expires, e.tags, e.vector";

    /// <summary>The log of changes is kept for a day; who was away for longer reads everything again.</summary>
    private static readonly TimeSpan LongestAbsence = TimeSpan.FromHours(20);

    private static readonly TimeSpan Heartbeat = TimeSpan.FromSeconds(30);

    /// <summary>Marks the changes of this instance, which it is not told of.</summary>
    private readonly Guid _origin = Guid.CreateVersion7();

    private readonly CancellationTokenSource _stopping = new();
    private readonly string _schema = database.Schema;
    private readonly string _channel = $"{database.Schema}_semantic";

    public IAsyncEnumerable<StoredSemanticAnswer> LoadAnswersAsync(DateTimeOffset now, CancellationToken cancellationToken) =>
        LoadAsync(
            $"SELECT id, expires, payload FROM {_schema}.semantic_answer WHERE id > $1 AND expires > $2 ORDER BY id LIMIT {RowsAtOnce}",
            now,
            model: null,
            row => ReadAnswer(row, 0),
            static answer => answer.Id,
            cancellationToken
        );

    public IAsyncEnumerable<StoredSemanticEntry> LoadEntriesAsync(
        string embeddingModel,
        DateTimeOffset now,
        CancellationToken cancellationToken
    )
    {
        ArgumentNullException.ThrowIfNull(embeddingModel);
        return LoadAsync(
            $"""
            SELECT {EntryColumns} FROM {_schema}.semantic_entry e WHERE id > $1 AND expires > $2 AND model = $3 ORDER BY id LIMIT {RowsAtOnce}
            """,
            now,
            embeddingModel,
            row => ReadEntry(row, 0),
            static entry => entry.Id,
            cancellationToken
        );
    }

    public async ValueTask SaveAsync(StoredSemanticEntry entry, StoredSemanticAnswer answer, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(entry);
        ArgumentNullException.ThrowIfNull(answer);
        await ChangeAsync(
                entry.Id,
                batch =>
                {
                    batch.BatchCommands.Add(
                        new(
                            $"""
                            INSERT INTO {_schema}.semantic_answer VALUES($1, $2, $3)
                            ON CONFLICT (id) DO UPDATE SET expires = excluded.expires, payload = excluded.payload
                            """
                        )
                        {
                            Parameters =
                            {
                                new NpgsqlParameter<string> { TypedValue = answer.Id },
                                new NpgsqlParameter<long> { TypedValue = answer.ExpiresAt.UtcTicks },
                                new NpgsqlParameter<byte[]> { TypedValue = answer.Payload.ToArray() },
                            },
                        }
                    );

                    // An answer that the entry leaves goes with its last entry.
                    batch.BatchCommands.Add(
                        new(
                            $"""
                            DELETE FROM {_schema}.semantic_answer a USING {_schema}.semantic_entry e
                            WHERE e.id = $1 AND a.id = e.answer AND a.id <> $2
                            AND NOT EXISTS (SELECT 1 FROM {_schema}.semantic_entry o WHERE o.answer = a.id AND o.id <> $1)
                            """
                        )
                        {
                            Parameters =
                            {
                                new NpgsqlParameter<string> { TypedValue = entry.Id },
                                new NpgsqlParameter<string> { TypedValue = entry.AnswerId },
                            },
                        }
                    );
                    batch.BatchCommands.Add(
                        new(
                            $"""
                            INSERT INTO {_schema}.semantic_entry VALUES($1, $2, $3, $4, $5, $6, $7, $8, $9)
                            ON CONFLICT (id) DO UPDATE SET scope = excluded.scope, question = excluded.question, model = excluded.model,
                                answer = excluded.answer, created = excluded.created, expires = excluded.expires, tags = excluded.tags,
                                vector = excluded.vector
                            """
                        )
                        {
                            Parameters =
                            {
                                new NpgsqlParameter<string> { TypedValue = entry.Id },
                                new NpgsqlParameter<string> { TypedValue = entry.Scope },
                                new NpgsqlParameter<string> { TypedValue = entry.Question },
                                new NpgsqlParameter<string> { TypedValue = entry.EmbeddingModel },
                                new NpgsqlParameter<string> { TypedValue = entry.AnswerId },
                                new NpgsqlParameter<long> { TypedValue = entry.CreatedAt.UtcTicks },
                                new NpgsqlParameter<long> { TypedValue = entry.ExpiresAt.UtcTicks },
                                new NpgsqlParameter<string> { TypedValue = Texts.Clean(StoredTags.Write(entry.Tags)) },
                                new NpgsqlParameter<byte[]> { TypedValue = MemoryMarshal.AsBytes(entry.Vector.Span).ToArray() },
                            },
                        }
                    );
                },
                cancellationToken
            )
            .ConfigureAwait(false);
    }

    public async ValueTask RemoveAsync(string entryId, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(entryId);
        await ChangeAsync(
                entryId,
                batch =>
                    batch.BatchCommands.Add(
                        new(
                            $"""
                            WITH gone AS (DELETE FROM {_schema}.semantic_entry WHERE id = $1 RETURNING answer)
                            DELETE FROM {_schema}.semantic_answer a USING gone WHERE a.id = gone.answer
                            AND NOT EXISTS (SELECT 1 FROM {_schema}.semantic_entry o WHERE o.answer = a.id AND o.id <> $1)
                            """
                        )
                        {
                            Parameters = { new NpgsqlParameter<string> { TypedValue = entryId } },
                        }
                    ),
                cancellationToken
            )
            .ConfigureAwait(false);
    }

    public async IAsyncEnumerable<SemanticCacheChange> WatchAsync(
        string embeddingModel,
        [EnumeratorCancellation] CancellationToken cancellationToken
    )
    {
        ArgumentNullException.ThrowIfNull(embeddingModel);
        using var linked = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _stopping.Token);
        var watch = new SemanticWatch(database, _channel, embeddingModel, _origin);
        await using (watch.ConfigureAwait(false))
        {
            var pause = TimeSpan.FromMilliseconds(50);
            var seen = Stopwatch.GetTimestamp();
            while (true)
            {
                IReadOnlyList<SemanticCacheChange> changes;
                try
                {
                    var mustReload = !watch.HasBegun || Stopwatch.GetElapsedTime(seen) > LongestAbsence;
                    changes = mustReload
                        ? await watch.BeginAsync(linked.Token).ConfigureAwait(false)
                        : await watch.NextAsync(Heartbeat, linked.Token).ConfigureAwait(false);
                    seen = Stopwatch.GetTimestamp();
                    pause = TimeSpan.FromMilliseconds(50);
                }
                catch (Exception) when (_stopping.IsCancellationRequested)
                {
                    yield break;
                }
                catch (Exception exception) when (exception is not OperationCanceledException and not ObjectDisposedException)
                {
                    // Away for a while: what happens meanwhile is in the log of changes.
                    await watch.DisconnectAsync().ConfigureAwait(false);
                    await Task.Delay(pause, linked.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                    pause = pause < TimeSpan.FromSeconds(2) ? pause * 2 : pause;
                    continue;
                }

                foreach (var change in changes)
                {
                    yield return change;
                }
            }
        }
    }

    /// <summary>Removes what has expired, and changes that everybody knows.</summary>
    public Task RemoveExpiredAsync(CancellationToken cancellationToken) =>
        database.RunAsync(
            async (connection, token) =>
            {
                var batch = new NpgsqlBatch(connection);
                await using (batch.ConfigureAwait(false))
                {
                    batch.BatchCommands.Add(Lock());
                    foreach (var table in (string[])["semantic_entry", "semantic_answer"])
                    {
                        batch.BatchCommands.Add(
                            new($"DELETE FROM {_schema}.{table} WHERE expires <= $1")
                            {
                                Parameters = { new NpgsqlParameter<long> { TypedValue = clock.GetUtcNow().UtcTicks } },
                            }
                        );
                    }

                    batch.BatchCommands.Add(
                        new($"DELETE FROM {_schema}.semantic_change WHERE made < clock_timestamp() - interval '1 day'")
                    );
                    await batch.ExecuteNonQueryAsync(token).ConfigureAwait(false);
                }
            },
            cancellationToken
        );

    /// <summary>Ends all watching. Not disposal: a container would dispose what it has from the store a second time.</summary>
    public Task StopAsync() => _stopping.CancelAsync();

    internal static StoredSemanticEntry ReadEntry(NpgsqlDataReader row, int column) =>
        new()
        {
            Id = row.GetString(column),
            Scope = row.GetString(column + 1),
            Question = row.GetString(column + 2),
            EmbeddingModel = row.GetString(column + 3),
            AnswerId = row.GetString(column + 4),
            CreatedAt = new DateTimeOffset(row.GetInt64(column + 5), TimeSpan.Zero),
            ExpiresAt = new DateTimeOffset(row.GetInt64(column + 6), TimeSpan.Zero),
            Tags = StoredTags.Read(row.GetString(column + 7)),
            Vector = MemoryMarshal.Cast<byte, float>(row.GetFieldValue<byte[]>(column + 8)).ToArray(),
        };

    internal static StoredSemanticAnswer ReadAnswer(NpgsqlDataReader row, int column) =>
        new()
        {
            Id = row.GetString(column),
            ExpiresAt = new DateTimeOffset(row.GetInt64(column + 1), TimeSpan.Zero),
            Payload = row.GetFieldValue<byte[]>(column + 2),
        };

    private NpgsqlBatchCommand Lock() => new($"SELECT pg_advisory_xact_lock(hashtextextended('{_channel}', 0))");

    /// <summary>Changes and says so, in one transaction and one round trip. One change at a time, so that the numbers of changes rise in the order in which they become visible.</summary>
    private Task ChangeAsync(string entryId, Action<NpgsqlBatch> change, CancellationToken cancellationToken) =>
        database.RunAsync(
            async (connection, token) =>
            {
                var batch = new NpgsqlBatch(connection);
                await using (batch.ConfigureAwait(false))
                {
                    batch.BatchCommands.Add(Lock());
                    change(batch);
                    batch.BatchCommands.Add(
                        new($"INSERT INTO {_schema}.semantic_change(entry, origin) VALUES($1, $2)")
                        {
                            Parameters =
                            {
                                new NpgsqlParameter<string> { TypedValue = entryId },
                                new NpgsqlParameter<Guid> { TypedValue = _origin },
                            },
                        }
                    );
                    batch.BatchCommands.Add(new($"NOTIFY {_channel}"));
                    await batch.ExecuteNonQueryAsync(token).ConfigureAwait(false);
                }
            },
            cancellationToken
        );

    private async IAsyncEnumerable<T> LoadAsync<T>(
        string sql,
        DateTimeOffset now,
        string? model,
        Func<NpgsqlDataReader, T> read,
        Func<T, string> idOf,
        [EnumeratorCancellation] CancellationToken cancellationToken
    )
    {
        var last = "";
        while (true)
        {
            var page = await database
                .RunAsync(
                    async (connection, token) =>
                    {
                        var items = new List<T>();
                        var command = new NpgsqlCommand(sql, connection);
                        await using (command.ConfigureAwait(false))
                        {
                            command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = last });
                            command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = now.UtcTicks });
                            if (model is not null)
                            {
                                command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = model });
                            }

                            var reader = await command.ExecuteReaderAsync(token).ConfigureAwait(false);
                            await using (reader.ConfigureAwait(false))
                            {
                                while (await reader.ReadAsync(token).ConfigureAwait(false))
                                {
                                    items.Add(read(reader));
                                }
                            }
                        }

                        return items;
                    },
                    cancellationToken
                )
                .ConfigureAwait(false);
            foreach (var item in page)
            {
                yield return item;
            }

            if (page.Count < RowsAtOnce)
            {
                yield break;
            }

            last = idOf(page[^1]);
        }
    }
}
