using System.Collections.Concurrent;
using System.Diagnostics;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace LlmThrift.Sqlite.Database;

/// <summary>The file: opens connections, brings it up to date first, and knows which failures a new connection may mend.</summary>
internal sealed class SqliteFile(SqliteStoreOptions options) : IDisposable
{
    private const int MaxReaders = 8;

    private static readonly int[] Mendable =
    [
        raw.SQLITE_PERM,
        raw.SQLITE_READONLY,
        raw.SQLITE_IOERR,
        raw.SQLITE_CORRUPT,
        raw.SQLITE_FULL,
        raw.SQLITE_CANTOPEN,
        raw.SQLITE_NOTADB,
    ];

    private readonly ConcurrentBag<SqliteDatabase> _readers = [];
    private readonly Lock _gate = new();
    private readonly TimeSpan _busyTimeout = options.BusyTimeout;
    private readonly bool _survivesPowerLoss = options.SurvivesPowerLoss;
    private int _generation;
    private int _readyGeneration = -1;
    private volatile bool _isDisposed;

    public string Path { get; } = System.IO.Path.GetFullPath(options.Path);

    public int Generation => Volatile.Read(ref _generation);

    /// <summary>Called with every new connection; for tests.</summary>
    public Action<SqliteDatabase>? Opened { get; set; }

    public SqliteDatabase Open()
    {
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_isDisposed, typeof(SqliteStore));
            var generation = Generation;
            if (generation != _readyGeneration && System.IO.Path.GetDirectoryName(Path) is { Length: > 0 } folder)
            {
                Directory.CreateDirectory(folder);
            }

            var database = new SqliteDatabase(Path, generation);
            try
            {
                database.SetBusyTimeout(_busyTimeout);
                if (generation != _readyGeneration)
                {
                    // Only before the first table.
                    database.Execute("PRAGMA auto_vacuum=INCREMENTAL");
                    UseWriteAheadLog(database);
                }

                database.Execute(
                    $"PRAGMA synchronous={(_survivesPowerLoss ? "FULL" : "NORMAL")}; PRAGMA temp_store=MEMORY; PRAGMA cache_size=-8192; PRAGMA journal_size_limit=67108864"
                );
                if (generation != _readyGeneration)
                {
                    Migrations.Apply(database, Path);
                    _readyGeneration = generation;
                }

                Opened?.Invoke(database);
                return database;
            }
            catch
            {
                database.Dispose();
                throw;
            }
        }
    }

    /// <summary>Where several processes open a new file at once, SQLite refuses all but one to change its journal, and does not wait for that whatever the timeout.</summary>
    private void UseWriteAheadLog(SqliteDatabase database)
    {
        var started = Stopwatch.GetTimestamp();
        var spin = default(SpinWait);
        while (true)
        {
            try
            {
                database.Execute("PRAGMA journal_mode=WAL");
                return;
            }
            catch (SqliteException busy)
                when (busy.SqliteErrorCode == SQLitePCL.raw.SQLITE_BUSY && Stopwatch.GetElapsedTime(started) < _busyTimeout)
            {
                spin.SpinOnce();
            }
        }
    }

    /// <summary>Reads with a connection that nobody else uses meanwhile.</summary>
    public T Read<T>(Func<SqliteDatabase, T> read)
    {
        SqliteDatabase? database = null;
        try
        {
            while (_readers.TryTake(out database) && database.Generation != Generation)
            {
                database.Dispose();
                database = null;
            }

            database ??= Open();
            var result = read(database);
            Return(database);
            return result;
        }
        catch (Exception exception) when (exception is not (OperationCanceledException or ObjectDisposedException))
        {
            database?.Dispose();
            Report(exception);
            throw Explain(exception);
        }
    }

    /// <summary>Takes a failure down. True when it concerns the file as a whole: all connections are then made anew.</summary>
    public bool Report(Exception exception)
    {
        if (exception is SqliteException sqlite && Array.IndexOf(Mendable, sqlite.SqliteErrorCode) >= 0)
        {
            Interlocked.Increment(ref _generation);
            while (_readers.TryTake(out var reader))
            {
                reader.Dispose();
            }

            return true;
        }

        return exception is SqliteStoreException or UnauthorizedAccessException or IOException;
    }

    public Exception Explain(Exception exception) => SqliteStoreException.From(exception, Path);

    public void Dispose()
    {
        _isDisposed = true;
        while (_readers.TryTake(out var reader))
        {
            reader.Dispose();
        }
    }

    private void Return(SqliteDatabase database)
    {
        if (_isDisposed || _readers.Count >= MaxReaders)
        {
            database.Dispose();
        }
        else
        {
            _readers.Add(database);
        }
    }
}
