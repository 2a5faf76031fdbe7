using LlmThrift.Sqlite.Database;

namespace LlmThrift.Sqlite.Caching;

/// <summary>Keeps a value, and makes room for it.</summary>
/// <param name="key">The key.</param>
/// <param name="value">The value.</param>
/// <param name="now">In ticks, as all times here.</param>
/// <param name="sliding">How long it lives after each use; 0 for no such limit.</param>
/// <param name="latest">When it ends at the latest; <see cref="long.MaxValue"/> for never.</param>
/// <param name="maxBytes">How much all may hold together.</param>
internal sealed class SetOperation(string key, ReadOnlyMemory<byte> value, long now, long sliding, long latest, long maxBytes)
    : WriteOperation
{
    private const int RemovedAtOnce = 50;

    public override bool IsBulk => true;

    public override void Run(SqliteDatabase database)
    {
        CacheTables.Remove(database, key);
        var size = value.Length + (2L * key.Length) + 100;
        if (size > maxBytes)
        {
            return;
        }

        database
            .Statement("INSERT INTO cache_entry(key, size, used, expires, sliding, latest, value) VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7)")
            .Bind(1, key)
            .Bind(2, size)
            .Bind(3, now)
            .Bind(4, sliding == 0 ? latest : Math.Min(now + sliding, latest))
            .Bind(5, sliding)
            .Bind(6, latest)
            .Bind(7, value.Span)
            .Execute();
        var total = CacheTables.AddBytes(database, size);
        while (total > maxBytes)
        {
            // What has expired goes first.
            var freed = CacheTables.RemoveSome(database, "expires<=?1 ORDER BY expires", now, RemovedAtOnce);
            if (freed == 0)
            {
                freed = CacheTables.RemoveSome(database, "used<=?1 ORDER BY used", long.MaxValue, 1);
            }

            if (freed == 0)
            {
                return;
            }

            total = CacheTables.AddBytes(database, -freed);
        }
    }
}
