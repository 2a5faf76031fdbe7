using LlmThrift.PostgreSql.Tests.Server;
using LlmThrift.TestKit.Stores;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using Xunit;

namespace LlmThrift.PostgreSql.Tests;

/// <summary>An app whose server is killed and started again.</summary>
[RequiresServer]
[Collection(ServerGroup.Name)]
public sealed class PostgreSqlRestartTests : StoreOutageContract
{
    private readonly PostgreSqlServer _server = new();

    protected override string Symptom => "The server cannot be reached";

    protected override void AddStores(IServiceCollection services) => services.AddPostgreSqlStores(_server.ConnectionString);

    protected override Task BreakAsync(IServiceProvider services)
    {
        _server.Kill();
        return Task.CompletedTask;
    }

    protected override Task MendAsync(IServiceProvider services)
    {
        _server.Start();
        return Task.CompletedTask;
    }

    protected override void Dispose(bool isDisposing)
    {
        _server.Dispose();
        base.Dispose(isDisposing);
    }
}

/// <summary>An app whose line to the server is cut.</summary>
[RequiresServer]
[Collection(ServerGroup.Name)]
public sealed class PostgreSqlCutLineTests(SharedServer shared) : PostgreSqlLineTests(shared)
{
    protected override string Symptom => "cannot be used";

    protected override Task BreakAsync(IServiceProvider services)
    {
        Line.Cut();
        return Task.CompletedTask;
    }

    protected override Task MendAsync(IServiceProvider services)
    {
        Line.Restore();
        return Task.CompletedTask;
    }
}

/// <summary>An app whose server takes longer than the app waits for it.</summary>
[RequiresServer]
[Collection(ServerGroup.Name)]
public sealed class PostgreSqlSlowLineTests(SharedServer shared) : PostgreSqlLineTests(shared)
{
    protected override string Symptom => "took longer than it may";

    protected override Task BreakAsync(IServiceProvider services)
    {
        Line.Delay = TimeSpan.FromSeconds(3);
        return Task.CompletedTask;
    }

    protected override Task MendAsync(IServiceProvider services)
    {
        Line.Delay = TimeSpan.Zero;
        return Task.CompletedTask;
    }
}

public abstract class PostgreSqlLineTests : StoreOutageContract
{
    private readonly PostgreSqlServer _server;
    private readonly TemporaryStore _temporary;

    protected PostgreSqlLineTests(SharedServer shared)
    {
        _server = shared.Server;
        _temporary = new TemporaryStore(_server);
        Line = new FaultyLine(_server.Port);
    }

    private protected FaultyLine Line { get; }

    protected override void AddStores(IServiceCollection services) =>
        services.AddPostgreSqlStores(options =>
        {
            options.ConnectionString = new NpgsqlConnectionStringBuilder(_server.ConnectionString) { Port = Line.Port }.ConnectionString;
            options.Schema = _temporary.Options.Schema;
        });

    protected override void Dispose(bool isDisposing)
    {
        Line.Dispose();
        _temporary.Dispose();
        base.Dispose(isDisposing);
    }
}
