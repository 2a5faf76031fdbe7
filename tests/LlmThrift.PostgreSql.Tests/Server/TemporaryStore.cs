using LlmThrift.TestKit;
using Npgsql;

namespace LlmThrift.PostgreSql.Tests.Server;

/// <summary>A store in a schema of its own, which goes with it.</summary>
internal sealed class TemporaryStore : IDisposable
{
    private readonly string _connectionString;

    public TemporaryStore(PostgreSqlServer server, Action<PostgreSqlStoreOptions>? configure = null)
    {
        _connectionString = server.ConnectionString;
        Options = new PostgreSqlStoreOptions { ConnectionString = _connectionString, Schema = $"t{Guid.CreateVersion7():N}" };
        configure?.Invoke(Options);
        Store = new PostgreSqlStore(Options, Clock);
    }

    public ManualTimeProvider Clock { get; } = new();

    public PostgreSqlStoreOptions Options { get; }

    public PostgreSqlStore Store { get; }

    /// <summary>Another instance of the app.</summary>
    public PostgreSqlStore Another() => new(Options, Clock);

    public async Task<object?> ScalarAsync(string sql)
    {
        await using var connection = new NpgsqlConnection(_connectionString + ";Pooling=false");
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql.Replace("{s}", Options.Schema, StringComparison.Ordinal), connection);
        return await command.ExecuteScalarAsync();
    }

    public void Dispose()
    {
        Store.Dispose();
        using var connection = new NpgsqlConnection(_connectionString + ";Pooling=false");
        connection.Open();
        using var command = new NpgsqlCommand($"DROP SCHEMA IF EXISTS {Options.Schema} CASCADE", connection);
        command.ExecuteNonQuery();
    }
}
