using LlmThrift.PostgreSql.Database;
using LlmThrift.SemanticCache;
using Npgsql;

namespace LlmThrift.PostgreSql.SemanticCache;

/// <summary>Reads the log of changes whenever the server says that there is something new, from where it stopped. Not safe for concurrent use.</summary>
internal sealed class SemanticWatch(PostgreSqlDatabase database, string channel, string embeddingModel, Guid ownOrigin) : IAsyncDisposable
{
    private const int ChangesAtOnce = 200;

    private NpgsqlConnection? _connection;
    private long _last;
    private bool _isBehind;

    public bool HasBegun { get; private set; }

    /// <summary>Begins with the changes from now on.</summary>
    public async Task<IReadOnlyList<SemanticCacheChange>> BeginAsync(CancellationToken cancellationToken)
    {
        var connection = await ConnectAsync(cancellationToken).ConfigureAwait(false);
        var command = new NpgsqlCommand($"SELECT coalesce(max(seq), 0) FROM {database.Schema}.semantic_change", connection);
        await using (command.ConfigureAwait(false))
        {
            _last = (long)(await command.ExecuteScalarAsync(cancellationToken).ConfigureAwait(false))!;
        }

        HasBegun = true;
        return [new SemanticCacheChange { Kind = SemanticCacheChangeKind.Reload }];
    }

    /// <summary>Waits for changes of others. May come back with none.</summary>
    public async Task<IReadOnlyList<SemanticCacheChange>> NextAsync(TimeSpan heartbeat, CancellationToken cancellationToken)
    {
        if (_connection is null)
        {
            await ConnectAsync(cancellationToken).ConfigureAwait(false);
            _isBehind = true;
        }

        if (!_isBehind)
        {
            // Asking now and then notices a connection that was cut without a word.
            await _connection!.WaitAsync(heartbeat, cancellationToken).ConfigureAwait(false);
        }

        var changes = new List<SemanticCacheChange>();
        var rows = 0;
        var command = new NpgsqlCommand(
            $"""
            SELECT c.seq, c.origin, c.entry, a.id, a.expires, a.payload,
                e.id, e.scope, e.question, e.model, e.answer, e.created, e.expires, e.tags, e.vector
            FROM {database.Schema}.semantic_change c
            LEFT JOIN {database.Schema}.semantic_entry e ON e.id = c.entry
            LEFT JOIN {database.Schema}.semantic_answer a ON a.id = e.answer
            WHERE c.seq > $1 ORDER BY c.seq LIMIT {ChangesAtOnce}
            """,
            _connection
        );
        await using (command.ConfigureAwait(false))
        {
            command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = _last });
            var reader = await command.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
            await using (reader.ConfigureAwait(false))
            {
                while (await reader.ReadAsync(cancellationToken).ConfigureAwait(false))
                {
                    rows++;
                    _last = reader.GetInt64(0);
                    if (reader.GetGuid(1) != ownOrigin && Read(reader) is { } change)
                    {
                        changes.Add(change);
                    }
                }
            }
        }

        _isBehind = rows == ChangesAtOnce;
        return changes;
    }

    public async Task DisconnectAsync()
    {
        if (_connection is { } connection)
        {
            _connection = null;
            try
            {
                await connection.DisposeAsync().ConfigureAwait(false);
            }
            catch (NpgsqlException)
            {
                // It is broken anyway.
            }
        }
    }

    public async ValueTask DisposeAsync() => await DisconnectAsync().ConfigureAwait(false);

    /// <summary>The state of now, whatever the change was: what has changed once more since then is told once more.</summary>
    private SemanticCacheChange? Read(NpgsqlDataReader row)
    {
        var id = row.GetString(2);
        if (row.IsDBNull(6) || row.IsDBNull(3))
        {
            return new SemanticCacheChange { Kind = SemanticCacheChangeKind.Removed, EntryId = id };
        }

        return row.GetString(9) != embeddingModel
            ? null
            : new SemanticCacheChange
            {
                Kind = SemanticCacheChangeKind.Saved,
                EntryId = id,
                Answer = PostgreSqlSemanticCacheStore.ReadAnswer(row, 3),
                Entry = PostgreSqlSemanticCacheStore.ReadEntry(row, 6),
            };
    }

    private async Task<NpgsqlConnection> ConnectAsync(CancellationToken cancellationToken)
    {
        await DisconnectAsync().ConfigureAwait(false);
        _connection = await database.OpenAsync(cancellationToken).ConfigureAwait(false);
        var command = new NpgsqlCommand($"LISTEN {channel}", _connection);
        await using (command.ConfigureAwait(false))
        {
            await command.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false);
        }

        return _connection;
    }
}
