using LlmThrift.TestKit.Stores;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.DependencyInjection;

namespace LlmThrift.Sqlite.Tests;

/// <summary>An app whose file cannot be written for a while.</summary>
public abstract class SqliteOutageTests : StoreOutageContract
{
    private readonly string _folder = Directory.CreateTempSubdirectory("llmthrift-sqlite-").FullName;

    protected string StorePath => Path.Combine(_folder, "store.db");

    protected override void AddStores(IServiceCollection services) =>
        services.AddSqliteStores(options =>
        {
            options.Path = StorePath;
            options.BusyTimeout = TimeSpan.FromMilliseconds(100);
        });

    protected override void Dispose(bool isDisposing)
    {
        Directory.Delete(_folder, recursive: true);
        base.Dispose(isDisposing);
    }

    /// <summary>All connections are made anew, each with this done to it.</summary>
    protected static Task ReopenAsync(IServiceProvider services, string? pragma)
    {
        var file = services.GetRequiredService<SqliteStore>().File;
        file.Opened = pragma is null ? null : database => database.Execute(pragma);
        file.Report(new SqliteException("", 10));
        return Task.CompletedTask;
    }
}

public sealed class SqliteLockedFileTests : SqliteOutageTests
{
    private SqliteConnection? _other;

    protected override string Symptom => "was locked";

    protected override async Task BreakAsync(IServiceProvider services)
    {
        _other = new SqliteConnection($"Data Source={StorePath};Pooling=false");
        await _other.OpenAsync();
        await ExecuteAsync("BEGIN IMMEDIATE");
    }

    protected override async Task MendAsync(IServiceProvider services)
    {
        await ExecuteAsync("ROLLBACK");
        await _other!.DisposeAsync();
        _other = null;
    }

    protected override void Dispose(bool isDisposing)
    {
        _other?.Dispose();
        base.Dispose(isDisposing);
    }

    private async Task ExecuteAsync(string sql)
    {
        await using var command = _other!.CreateCommand();
        command.CommandText = sql;
        await command.ExecuteNonQueryAsync();
    }
}

/// <summary>Who runs the tests may write everything: a connection that may only read stands for one who may not.</summary>
public sealed class SqliteReadOnlyFileTests : SqliteOutageTests
{
    protected override string Symptom => "may not be written";

    protected override Task BreakAsync(IServiceProvider services) => ReopenAsync(services, "PRAGMA query_only=ON");

    protected override Task MendAsync(IServiceProvider services) => ReopenAsync(services, pragma: null);
}

/// <summary>A file that may not grow stands for a disk that is full; what still has room in it is written, such as budgets.</summary>
public sealed class SqliteFullDiskTests : SqliteOutageTests
{
    protected override string Symptom => "disk is full";

    protected override bool StopsBudgets => false;

    protected override Task BreakAsync(IServiceProvider services) => ReopenAsync(services, "PRAGMA max_page_count=1");

    protected override Task MendAsync(IServiceProvider services) => ReopenAsync(services, pragma: null);
}
