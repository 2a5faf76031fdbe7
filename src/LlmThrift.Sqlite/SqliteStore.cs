using LlmThrift.Budgets;
using LlmThrift.Metering;
using LlmThrift.SemanticCache;
using LlmThrift.Sqlite.Budgets;
using LlmThrift.Sqlite.Caching;
using LlmThrift.Sqlite.Database;
using LlmThrift.Sqlite.Records;
using LlmThrift.Sqlite.SemanticCache;
using LlmThrift.Stores;
using Microsoft.Extensions.Caching.Distributed;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace LlmThrift.Sqlite;

/// <summary>
/// Budgets, call records, a distributed cache and a semantic cache's questions in one SQLite file, for one machine: several processes may open it. The file is opened, made and
/// brought up to date at its first use. Safe for concurrent use.
/// </summary>
/// <remarks>
/// <para>What is not possible throws a <see cref="SqliteStoreException"/> that names the file and the way out; once the cause is gone the store works again.</para>
/// <para>A network share is no place for the file: SQLite's locks do not hold there.</para>
/// </remarks>
public sealed class SqliteStore : IDisposable, IAsyncDisposable
{
    private readonly SqliteFile _file;
    private readonly SqliteWriter _writer;
    private readonly SqliteCallRecordStore _records;
    private readonly SqliteDistributedCache _cache;
    private readonly SqliteSemanticCacheStore _semantic;
    private readonly TimeProvider _clock;
    private readonly TimeSpan _retention;
    private readonly TimeSpan _budgetRetention;
    private readonly StoreMaintenance _maintenance;
    private int _isDisposed;

    /// <summary>Makes a store. Nothing is opened yet.</summary>
    /// <param name="options">The options; later changes to them have no effect.</param>
    /// <param name="clock">Tells when leases and entries end. Default: the system's.</param>
    /// <param name="loggers">Where failures of the maintenance are logged. Default: nowhere.</param>
    /// <exception cref="ArgumentNullException"><paramref name="options"/> is null.</exception>
    /// <exception cref="ArgumentException">The options are not valid.</exception>
    public SqliteStore(SqliteStoreOptions options, TimeProvider? clock = null, ILoggerFactory? loggers = null)
    {
        ArgumentNullException.ThrowIfNull(options);
        options.Validate(nameof(options));
        _clock = clock ?? TimeProvider.System;
        var logger = (loggers ?? NullLoggerFactory.Instance).CreateLogger("LlmThrift.Sqlite");
        _retention = options.Retention;
        _budgetRetention = options.BudgetRetention;
        _file = new SqliteFile(options);
        _writer = new SqliteWriter(_file, options.BusyTimeout);
        _records = new SqliteCallRecordStore(_file, _writer, _clock);
        _cache = new SqliteDistributedCache(_file, _writer, _clock, options.MaxCacheBytes);
        _semantic = new SqliteSemanticCacheStore(_file, _writer, _clock);
        Budgets = new SqliteBudgetLedger(_writer, _clock);
        _maintenance = new StoreMaintenance(MaintainAsync, options.MaintenanceInterval, _clock, logger);
    }

    /// <summary>Makes a store of a file, with the defaults for the rest.</summary>
    /// <param name="path">The file.</param>
    public SqliteStore(string path)
        : this(new SqliteStoreOptions { Path = path }) { }

    /// <summary>The full path of the file.</summary>
    public string Path => _file.Path;

    /// <summary>What budgets have spent and hold.</summary>
    public IBudgetLedger Budgets { get; }

    /// <summary>Call records and what they add up to.</summary>
    public ICallRecordStore Records => _records;

    /// <summary>A distributed cache, bounded by size.</summary>
    public IDistributedCache Cache => _cache;

    /// <summary>Questions and answers of a semantic cache.</summary>
    public ISemanticCacheStore SemanticCache => _semantic;

    internal SqliteFile File => _file;

    internal SqliteWriter Writer => _writer;

    /// <summary>Removes what has expired or is past its retention, and gives free pages back to the system. Happens by itself every <see cref="SqliteStoreOptions.MaintenanceInterval"/>.</summary>
    /// <param name="cancellationToken">Cancels it; what was removed so far stays removed.</param>
    /// <returns>A task that ends when it is done.</returns>
    /// <exception cref="SqliteStoreException">The file cannot be used.</exception>
    public async Task MaintainAsync(CancellationToken cancellationToken = default)
    {
        var now = _clock.GetUtcNow();
        await RemoveBudgetsAsync(now, cancellationToken).ConfigureAwait(false);
        await _records.RemoveBeforeAsync(now - _retention, cancellationToken).ConfigureAwait(false);
        await _records.RemoveMinutesAsync(cancellationToken).ConfigureAwait(false);
        await _cache.RemoveExpiredAsync(cancellationToken).ConfigureAwait(false);
        await _semantic.RemoveExpiredAsync(cancellationToken).ConfigureAwait(false);

        // A statement of its own kind: it must not lie in a transaction, and a few pages at a time do not hold anybody up.
        await Task.Run(
                () =>
                    _file.Read(database =>
                    {
                        database.Execute("PRAGMA incremental_vacuum(2000)");
                        database.Execute("PRAGMA optimize");
                        return true;
                    }),
                cancellationToken
            )
            .ConfigureAwait(false);
    }

    /// <summary>Waits for what is being written, and closes the file.</summary>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _isDisposed, 1) == 0)
        {
            _maintenance.Dispose();
            _writer.Dispose();

            // It may be reading, and the app may delete the file as soon as the store is closed.
            _maintenance.Running.Wait(TimeSpan.FromSeconds(5));
            _file.Dispose();
        }
    }

    /// <summary>Waits for what is being written, and closes the file.</summary>
    /// <returns>A task that ends when it is closed.</returns>
    public ValueTask DisposeAsync()
    {
        Dispose();
        return ValueTask.CompletedTask;
    }

    private async Task RemoveBudgetsAsync(DateTimeOffset now, CancellationToken cancellationToken)
    {
        const int AtOnce = 500;
        for (var removed = AtOnce; removed >= AtOnce; )
        {
            await _writer
                .RunAsync(
                    database =>
                    {
                        BudgetTables.FreeExpired(database, now.UtcTicks);
                        database
                            .Statement(
                                $"""
                                DELETE FROM budget_reservation WHERE id IN
                                    (SELECT id FROM budget_reservation WHERE state IN (1, 2) AND due<?1 LIMIT {AtOnce})
                                """
                            )
                            .Bind(1, (now - SqliteBudgetLedger.TombstoneLifetime).UtcTicks)
                            .Execute();
                        removed = database.Changes;
                        database
                            .Statement(
                                $"""
                                DELETE FROM budget_slice WHERE (budget, grp, slice) IN
                                    (SELECT budget, grp, slice FROM budget_slice WHERE slice<?1 AND reserved=0 AND reserved_nano=0 LIMIT {AtOnce})
                                """
                            )
                            .Bind(1, (now - _budgetRetention).UtcTicks)
                            .Execute();
                        removed = Math.Max(removed, database.Changes);
                    },
                    isBulk: true,
                    cancellationToken
                )
                .ConfigureAwait(false);
        }
    }
}
