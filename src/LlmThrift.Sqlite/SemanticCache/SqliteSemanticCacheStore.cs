using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using LlmThrift.SemanticCache;
using LlmThrift.Sqlite.Database;
using LlmThrift.Stores;

namespace LlmThrift.Sqlite.SemanticCache;

/// <summary>Questions and answers of a semantic cache in the file.</summary>
internal sealed class SqliteSemanticCacheStore(SqliteFile file, SqliteWriter writer, TimeProvider clock) : ISemanticCacheStore
{
    private const int RowsAtOnce = 500;
    private const int RemovedAtOnce = 200;

    public IAsyncEnumerable<StoredSemanticAnswer> LoadAnswersAsync(DateTimeOffset now, CancellationToken cancellationToken) =>
        LoadAsync(
            "SELECT key, id, expires, payload FROM semantic_answer WHERE key>?1 AND expires>?2 ORDER BY key LIMIT ?3",
            now,
            model: null,
            static row => new StoredSemanticAnswer
            {
                Id = row.Text(1),
                ExpiresAt = new DateTimeOffset(row.Integer(2), TimeSpan.Zero),
                Payload = row.Blob(3).ToArray(),
            },
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
            """
            SELECT key, id, scope, question, model, answer, created, expires, tags, vector FROM semantic_entry
            WHERE key>?1 AND expires>?2 AND model=?4 ORDER BY key LIMIT ?3
            """,
            now,
            embeddingModel,
            static row => new StoredSemanticEntry
            {
                Id = row.Text(1),
                Scope = row.Text(2),
                Question = row.Text(3),
                EmbeddingModel = row.Text(4),
                AnswerId = row.Text(5),
                CreatedAt = new DateTimeOffset(row.Integer(6), TimeSpan.Zero),
                ExpiresAt = new DateTimeOffset(row.Integer(7), TimeSpan.Zero),
                Tags = StoredTags.Read(row.Text(8)),
                Vector = MemoryMarshal.Cast<byte, float>(row.Blob(9)).ToArray(),
            },
            cancellationToken
        );
    }

    public ValueTask SaveAsync(StoredSemanticEntry entry, StoredSemanticAnswer answer, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(entry);
        ArgumentNullException.ThrowIfNull(answer);
        return new(writer.RunAsync(Save, isBulk: true, cancellationToken));

        void Save(SqliteDatabase database)
        {
            var before = AnswerOf(database, entry.Id);
            database
                .Statement(
                    """
                    INSERT INTO semantic_answer(id, expires, payload) VALUES(?1, ?2, ?3)
                    ON CONFLICT(id) DO UPDATE SET expires=excluded.expires, payload=excluded.payload
                    """
                )
                .Bind(1, answer.Id)
                .Bind(2, answer.ExpiresAt.UtcTicks)
                .Bind(3, answer.Payload.Span)
                .Execute();
            database
                .Statement(
                    """
                    INSERT INTO semantic_entry(id, scope, question, model, answer, created, expires, tags, vector)
                    VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)
                    ON CONFLICT(id) DO UPDATE SET scope=excluded.scope, question=excluded.question, model=excluded.model, answer=excluded.answer,
                        created=excluded.created, expires=excluded.expires, tags=excluded.tags, vector=excluded.vector
                    """
                )
                .Bind(1, entry.Id)
                .Bind(2, entry.Scope)
                .Bind(3, entry.Question)
                .Bind(4, entry.EmbeddingModel)
                .Bind(5, entry.AnswerId)
                .Bind(6, entry.CreatedAt.UtcTicks)
                .Bind(7, entry.ExpiresAt.UtcTicks)
                .Bind(8, StoredTags.Write(entry.Tags))
                .Bind(9, MemoryMarshal.AsBytes(entry.Vector.Span))
                .Execute();
            if (before is not null && before != entry.AnswerId)
            {
                RemoveUnused(database, before);
            }
        }
    }

    public ValueTask RemoveAsync(string entryId, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(entryId);
        return new(writer.RunAsync(Remove, isBulk: true, cancellationToken));

        void Remove(SqliteDatabase database)
        {
            if (AnswerOf(database, entryId) is { } answer)
            {
                database.Statement("DELETE FROM semantic_entry WHERE id=?1").Bind(1, entryId).Execute();
                RemoveUnused(database, answer);
            }
        }
    }

    /// <summary>Removes what has expired.</summary>
    public async Task RemoveExpiredAsync(CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow().UtcTicks;
        foreach (var table in (string[])["semantic_entry", "semantic_answer"])
        {
            for (var removed = RemovedAtOnce; removed == RemovedAtOnce; )
            {
                await writer
                    .RunAsync(
                        database =>
                        {
                            database
                                .Statement(
                                    $"DELETE FROM {table} WHERE key IN (SELECT key FROM {table} WHERE expires<=?1 LIMIT {RemovedAtOnce})"
                                )
                                .Bind(1, now)
                                .Execute();
                            removed = database.Changes;
                        },
                        isBulk: true,
                        cancellationToken
                    )
                    .ConfigureAwait(false);
            }
        }
    }

    private static string? AnswerOf(SqliteDatabase database, string entryId)
    {
        var row = database.Statement("SELECT answer FROM semantic_entry WHERE id=?1").Bind(1, entryId);
        if (!row.Step())
        {
            return null;
        }

        var answer = row.Text(0);
        row.Reset();
        return answer;
    }

    private static void RemoveUnused(SqliteDatabase database, string answerId) =>
        database
            .Statement("DELETE FROM semantic_answer WHERE id=?1 AND NOT EXISTS (SELECT 1 FROM semantic_entry WHERE answer=?1)")
            .Bind(1, answerId)
            .Execute();

    /// <summary>A page at a time: a reader that lasts would keep the log of changes from being emptied.</summary>
    private async IAsyncEnumerable<T> LoadAsync<T>(
        string sql,
        DateTimeOffset now,
        string? model,
        Func<SqliteStatement, T> read,
        [EnumeratorCancellation] CancellationToken cancellationToken
    )
    {
        var key = long.MinValue;
        while (true)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var page = await Task.Run(() => file.Read(ReadPage), cancellationToken).ConfigureAwait(false);
            foreach (var item in page)
            {
                yield return item;
            }

            if (page.Count < RowsAtOnce)
            {
                yield break;
            }
        }

        List<T> ReadPage(SqliteDatabase database)
        {
            var page = new List<T>();
            using var rows = new SqliteReader(database.Statement(sql));
            rows.Statement.Bind(1, key).Bind(2, now.UtcTicks).Bind(3, RowsAtOnce);
            if (model is not null)
            {
                rows.Statement.Bind(4, model);
            }

            while (rows.Statement.Step())
            {
                key = rows.Statement.Integer(0);
                page.Add(read(rows.Statement));
            }

            return page;
        }
    }
}
