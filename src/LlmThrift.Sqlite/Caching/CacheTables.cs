using LlmThrift.Sqlite.Database;

namespace LlmThrift.Sqlite.Caching;

/// <summary>What operations of the cache do with the tables.</summary>
internal static class CacheTables
{
    public static void Remove(SqliteDatabase database, string key)
    {
        var removed = database.Statement("DELETE FROM cache_entry WHERE key=?1 RETURNING size").Bind(1, key);
        if (removed.Step())
        {
            var size = removed.Integer(0);
            removed.Reset();
            AddBytes(database, -size);
        }
    }

    /// <summary>Changes what all hold together, and returns it.</summary>
    public static long AddBytes(SqliteDatabase database, long bytes)
    {
        var total = database.Statement("UPDATE cache_total SET bytes=bytes+?1 RETURNING bytes").Bind(1, bytes);
        total.Step();
        var sum = total.Integer(0);
        total.Reset();
        return sum;
    }

    /// <summary>Removes entries; the caller takes their bytes off.</summary>
    /// <param name="database">The connection.</param>
    /// <param name="which">The condition, with one parameter, and the order.</param>
    /// <param name="parameter">Its value.</param>
    /// <param name="count">How many at most.</param>
    /// <returns>How many bytes they held.</returns>
    public static long RemoveSome(SqliteDatabase database, string which, long parameter, int count)
    {
        var removed = database
            .Statement($"DELETE FROM cache_entry WHERE id IN (SELECT id FROM cache_entry WHERE {which} LIMIT ?2) RETURNING size")
            .Bind(1, parameter)
            .Bind(2, count);
        var bytes = 0L;
        while (removed.Step())
        {
            bytes += removed.Integer(0);
        }

        return bytes;
    }
}
