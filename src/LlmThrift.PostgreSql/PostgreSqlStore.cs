using LlmThrift.Budgets;
using LlmThrift.Metering;
using LlmThrift.PostgreSql.Budgets;
using LlmThrift.PostgreSql.Caching;
using LlmThrift.PostgreSql.Database;
using LlmThrift.PostgreSql.Records;
using LlmThrift.PostgreSql.SemanticCache;
using LlmThrift.SemanticCache;
using LlmThrift.Stores;
using Microsoft.Extensions.Caching.Distributed;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace LlmThrift.PostgreSql;

/// <summary>
/// Budgets, call records, a distributed cache and a semantic cache's questions in a schema of a PostgreSQL database (13 or newer), for all instances of an app. The schema is made
/// and brought up to date at the first use. Safe for concurrent use.
/// </summary>
/// <remarks>
/// What is not possible throws a <see cref="PostgreSqlStoreException"/> that names the database and the way out; what another transaction or a cut connection got in the way of is
/// tried again first.
/// </remarks>
public sealed class PostgreSqlStore : IDisposable, IAsyncDisposable
{
    private readonly PostgreSqlDatabase _database;
    private readonly PostgreSqlBudgetLedger _budgets;
    private readonly PostgreSqlCallRecordStore _records;
    private readonly PostgreSqlDistributedCache _cache;
    private readonly PostgreSqlSemanticCacheStore _semantic;
    private readonly TimeProvider _clock;
    private readonly TimeSpan _retention;
    private readonly TimeSpan _budgetRetention;
    private readonly StoreMaintenance _maintenance;
    private int _isDisposed;

    /// <summary>Makes a store. Nothing is connected yet.</summary>
    /// <param name="options">The options; later changes to them have no effect.</param>
    /// <param name="clock">Tells when entries end and records are old. Leases of budgets go by the server's clock. Default: the system's.</param>
    /// <param name="loggers">Where failures of the maintenance are logged. Default: nowhere.</param>
    /// <exception cref="ArgumentNullException"><paramref name="options"/> is null.</exception>
    /// <exception cref="ArgumentException">The options are not valid.</exception>
    public PostgreSqlStore(PostgreSqlStoreOptions options, TimeProvider? clock = null, ILoggerFactory? loggers = null)
    {
        ArgumentNullException.ThrowIfNull(options);
        options.Validate(nameof(options));
        _clock = clock ?? TimeProvider.System;
        var logger = (loggers ?? NullLoggerFactory.Instance).CreateLogger("LlmThrift.PostgreSql");
        _retention = options.Retention;
        _budgetRetention = options.BudgetRetention;
        _database = new PostgreSqlDatabase(options);
        _budgets = new PostgreSqlBudgetLedger(_database);
        _records = new PostgreSqlCallRecordStore(_database, _clock);
        _cache = new PostgreSqlDistributedCache(_database, _clock, options.MaxCacheBytes);
        _semantic = new PostgreSqlSemanticCacheStore(_database, _clock);
        _maintenance = new StoreMaintenance(MaintainAsync, options.MaintenanceInterval, _clock, logger);
    }

    /// <summary>Makes a store of a database, with the defaults for the rest.</summary>
    /// <param name="connectionString">Npgsql's connection string.</param>
    public PostgreSqlStore(string connectionString)
        : this(new PostgreSqlStoreOptions { ConnectionString = connectionString }) { }

    /// <summary>What budgets have spent and hold.</summary>
    public IBudgetLedger Budgets => _budgets;

    /// <summary>Call records and what they add up to.</summary>
    public ICallRecordStore Records => _records;

    /// <summary>A distributed cache, bounded by size.</summary>
    public IDistributedCache Cache => _cache;

    /// <summary>Questions and answers of a semantic cache. An <see cref="ISemanticCacheFeed"/>, too.</summary>
    public ISemanticCacheStore SemanticCache => _semantic;

    internal PostgreSqlDatabase Database => _database;

    /// <summary>Removes what has expired or is past its retention. Happens by itself every <see cref="PostgreSqlStoreOptions.MaintenanceInterval"/>.</summary>
    /// <param name="cancellationToken">Cancels it; what was removed so far stays removed.</param>
    /// <returns>A task that ends when it is done.</returns>
    /// <exception cref="PostgreSqlStoreException">The database cannot be used.</exception>
    public async Task MaintainAsync(CancellationToken cancellationToken = default)
    {
        var now = _clock.GetUtcNow();
        await _budgets.RemoveOldAsync(now - _budgetRetention, cancellationToken).ConfigureAwait(false);
        await _records.RemoveBeforeAsync(now - _retention, cancellationToken).ConfigureAwait(false);
        await _records.RemoveMinutesAsync(cancellationToken).ConfigureAwait(false);
        await _cache.TrimAsync(cancellationToken).ConfigureAwait(false);
        await _semantic.RemoveExpiredAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Closes the connections.</summary>
    public void Dispose() => DisposeAsync().AsTask().GetAwaiter().GetResult();

    /// <summary>Closes the connections.</summary>
    /// <returns>A task that ends when they are closed.</returns>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _isDisposed, 1) == 0)
        {
            await _maintenance.DisposeAsync().ConfigureAwait(false);
            await _semantic.StopAsync().ConfigureAwait(false);
            await _database.DisposeAsync().ConfigureAwait(false);
        }
    }
}
