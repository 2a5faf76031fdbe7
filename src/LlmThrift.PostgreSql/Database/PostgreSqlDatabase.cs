using System.Data;
using Npgsql;

namespace LlmThrift.PostgreSql.Database;

/// <summary>The database: brought up to date at the first use; what may be tried again is.</summary>
internal sealed class PostgreSqlDatabase : IAsyncDisposable
{
    private const int MaxTries = 5;

    // Calls of one budget wait for each other in the server: more of them there only make it slower.
    private const int MaxLedgerConnections = 16;

    private readonly NpgsqlDataSource _source;
    private readonly bool _ownsSource;
    private readonly TurnQueue _turns;
    private readonly SemaphoreSlim _migrating = new(1);
    private volatile bool _isReady;
    private volatile bool _isDisposed;

    public PostgreSqlDatabase(PostgreSqlStoreOptions options)
    {
        Schema = options.Schema;
        if (options.DataSource is { } given)
        {
            _source = given;
        }
        else
        {
            // Plans of the few statements here are kept by the connections.
            var settings = new NpgsqlConnectionStringBuilder(options.ConnectionString);
            settings.MaxAutoPrepare = settings.MaxAutoPrepare == 0 ? 50 : settings.MaxAutoPrepare;
            settings.AutoPrepareMinUsages = 2;
            _source = new NpgsqlSlimDataSourceBuilder(settings.ConnectionString).EnableArrays().EnableTransportSecurity().Build();
            _ownsSource = true;
        }

        var shown = new NpgsqlConnectionStringBuilder(_source.ConnectionString);
        var patience = TimeSpan.FromSeconds(shown.Timeout > 0 ? shown.Timeout : 15);
        var ledger = Math.Clamp(shown.MaxPoolSize / 4, 1, MaxLedgerConnections);
        LedgerTurns = new TurnQueue(ledger, patience);

        // Two are left to those who keep theirs for long: the watch over semantic entries, a reader of records.
        _turns = new TurnQueue(Math.Max(1, shown.MaxPoolSize - ledger - 2), patience);
        Name = $"{shown.Host}:{shown.Port}/{shown.Database ?? shown.Username}/{Schema}";
    }

    public string Schema { get; }

    /// <summary>For messages.</summary>
    public string Name { get; }

    /// <summary>The ledger's own, so that neither it nor the rest waits for the other.</summary>
    public TurnQueue LedgerTurns { get; }

    /// <summary>Does something that may be done twice: it is tried again when another transaction or a lost connection was in its way.</summary>
    public Task<T> RunAsync<T>(Func<NpgsqlConnection, CancellationToken, Task<T>> work, CancellationToken cancellationToken) =>
        RunAsync(_turns, work, cancellationToken);

    /// <summary>Likewise, in turn with others that use the same queue.</summary>
    public async Task<T> RunAsync<T>(
        TurnQueue turns,
        Func<NpgsqlConnection, CancellationToken, Task<T>> work,
        CancellationToken cancellationToken
    )
    {
        ObjectDisposedException.ThrowIf(_isDisposed, typeof(PostgreSqlStore));
        cancellationToken.ThrowIfCancellationRequested();
        for (var tries = 1; ; tries++)
        {
            try
            {
                return await TryAsync(turns, work, cancellationToken).ConfigureAwait(false);
            }
            catch (Exception exception) when (exception is NpgsqlException or IOException or System.Net.Sockets.SocketException)
            {
                if (exception is PostgresException { SqlState: "42P01" or "42883" or "3F000" })
                {
                    // Someone has dropped the schema: it is made again.
                    _isReady = false;
                }
                else if (!IsPassing(exception))
                {
                    throw PostgreSqlStoreException.From(exception, Name);
                }

                if (tries == MaxTries)
                {
                    throw PostgreSqlStoreException.From(exception, Name);
                }

                // A sixth of a second in all: who calls has a policy of its own for a server that is not there, and must hear of it in time.
                await Task.Delay(5 << tries, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    public Task RunAsync(Func<NpgsqlConnection, CancellationToken, Task> work, CancellationToken cancellationToken) =>
        RunAsync(
            async (connection, token) =>
            {
                await work(connection, token).ConfigureAwait(false);
                return true;
            },
            cancellationToken
        );

    /// <summary>Does several things in one transaction.</summary>
    public Task<T> TransactAsync<T>(
        IsolationLevel isolation,
        Func<NpgsqlConnection, CancellationToken, Task<T>> work,
        CancellationToken cancellationToken
    ) =>
        RunAsync(
            async (connection, token) =>
            {
                var transaction = await connection.BeginTransactionAsync(isolation, token).ConfigureAwait(false);
                await using (transaction.ConfigureAwait(false))
                {
                    var result = await work(connection, token).ConfigureAwait(false);
                    await transaction.CommitAsync(token).ConfigureAwait(false);
                    return result;
                }
            },
            cancellationToken
        );

    /// <summary>Opens a connection, the tables being there.</summary>
    public async Task<NpgsqlConnection> OpenAsync(CancellationToken cancellationToken)
    {
        ObjectDisposedException.ThrowIf(_isDisposed, typeof(PostgreSqlStore));
        var connection = await _source.OpenConnectionAsync(cancellationToken).ConfigureAwait(false);
        if (_isReady)
        {
            return connection;
        }

        try
        {
            await _migrating.WaitAsync(cancellationToken).ConfigureAwait(false);
            try
            {
                if (!_isReady)
                {
                    await Migrations.ApplyAsync(connection, Schema, Name, cancellationToken).ConfigureAwait(false);
                    _isReady = true;
                }
            }
            finally
            {
                _migrating.Release();
            }

            return connection;
        }
        catch
        {
            await connection.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        _isDisposed = true;
        if (_ownsSource)
        {
            await _source.DisposeAsync().ConfigureAwait(false);
        }
    }

    private async Task<T> TryAsync<T>(
        TurnQueue turns,
        Func<NpgsqlConnection, CancellationToken, Task<T>> work,
        CancellationToken cancellationToken
    )
    {
        await turns.EnterAsync(cancellationToken).ConfigureAwait(false);
        var isDone = false;
        try
        {
            var connection = await OpenAsync(cancellationToken).ConfigureAwait(false);
            await using (connection.ConfigureAwait(false))
            {
                var result = await work(connection, cancellationToken).ConfigureAwait(false);
                isDone = true;
                return result;
            }
        }
        finally
        {
            turns.Leave(isDone);
        }
    }

    /// <summary>Serialization, deadlock, a unique row that another transaction has just made; a connection that was cut, a server that starts.</summary>
    private static bool IsPassing(Exception exception) =>
        exception switch
        {
            PostgresException postgres => postgres.SqlState is "40001" or "40P01" or "23505" || postgres.IsTransient,
            NpgsqlException npgsql => npgsql.IsTransient && npgsql.InnerException is not TimeoutException,
            _ => true,
        };
}
