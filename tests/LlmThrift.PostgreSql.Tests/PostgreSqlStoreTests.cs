using LlmThrift.Budgets;
using LlmThrift.Metering;
using LlmThrift.PostgreSql.Tests.Server;
using LlmThrift.SemanticCache;
using LlmThrift.TestKit;
using LlmThrift.TestKit.Stores;
using Microsoft.Extensions.Caching.Distributed;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using Xunit;

namespace LlmThrift.PostgreSql.Tests;

/// <summary>The database as such: migrations, failures and the way back from them, registration.</summary>
[RequiresServer]
[Collection(ServerGroup.Name)]
public sealed class PostgreSqlStoreTests(SharedServer shared)
{
    private static readonly DateTimeOffset Today = new(2026, 9, 1, 0, 0, 0, TimeSpan.Zero);

    [StoreFact]
    public async Task Many_stores_may_make_the_schema_at_once()
    {
        using var temporary = new TemporaryStore(shared.Server);
        var stores = Enumerable.Range(0, 8).Select(_ => temporary.Another()).ToList();
        await Task.WhenAll(stores.Select(store => Task.Run(() => SpendAsync(store, 1m))));

        Assert.Equal(8m, await SpentAsync(temporary.Store));
        Assert.Equal(1, await temporary.ScalarAsync("SELECT max(version) FROM {s}.version"));
        stores.ForEach(store => store.Dispose());
    }

    [StoreFact]
    public async Task Schema_of_a_newer_version_is_refused_and_says_so()
    {
        using var temporary = new TemporaryStore(shared.Server);
        await SpendAsync(temporary.Store, 1m);
        await temporary.ScalarAsync("INSERT INTO {s}.version(version) VALUES(99)");
        await using var second = temporary.Another();

        var exception = await Assert.ThrowsAsync<PostgreSqlStoreException>(() => SpendAsync(second, 1m));

        Assert.Contains("version 99", exception.Message, StringComparison.Ordinal);
        Assert.Contains(temporary.Options.Schema, exception.Message, StringComparison.Ordinal);
    }

    [StoreFact]
    public async Task Schema_that_someone_dropped_is_made_again()
    {
        using var temporary = new TemporaryStore(shared.Server);
        await SpendAsync(temporary.Store, 1m);
        await temporary.ScalarAsync("DROP SCHEMA {s} CASCADE");

        await SpendAsync(temporary.Store, 2m);

        Assert.Equal(2m, await SpentAsync(temporary.Store));
    }

    [StoreFact]
    public async Task Connections_that_were_cut_are_made_again_without_an_error()
    {
        using var temporary = new TemporaryStore(shared.Server);
        await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => SpendAsync(temporary.Store, 1m)));
        await temporary.ScalarAsync("SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE pid <> pg_backend_pid()");

        await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => SpendAsync(temporary.Store, 1m)));

        Assert.Equal(40m, await SpentAsync(temporary.Store));
    }

    [StoreFact]
    public async Task Server_that_was_killed_is_named_and_has_everything_when_it_is_back()
    {
        using var server = new PostgreSqlServer();
        using var store = new PostgreSqlStore(server.ConnectionString);
        var spent = 0;
        for (var round = 0; round < 2; round++)
        {
            for (var index = 0; index < 50; index++)
            {
                await SpendAsync(store, 1m);
                spent++;
            }

            server.Kill();
            var exception = await Assert.ThrowsAsync<PostgreSqlStoreException>(() => SpendAsync(store, 1m));
            Assert.Contains($"127.0.0.1:{server.Port}", exception.Message, StringComparison.Ordinal);
            server.Start();
            Assert.Equal(spent, await SpentAsync(store));
        }
    }

    [StoreFact]
    public async Task Burst_waits_for_its_turn_however_few_connections_there_are()
    {
        // A pool alone would refuse whoever has waited for a second.
        using var temporary = new TemporaryStore(
            shared.Server,
            options => options.ConnectionString = shared.Server.ConnectionString + ";Maximum Pool Size=2;Timeout=1"
        );
        await Task.WhenAll(Enumerable.Range(0, 5_000).Select(_ => Task.Run(() => SpendAsync(temporary.Store, 1m))));

        Assert.Equal(5_000m, await SpentAsync(temporary.Store));
    }

    [StoreFact]
    public async Task Who_waits_while_nothing_comes_to_an_end_is_told_so()
    {
        using var temporary = new TemporaryStore(
            shared.Server,
            options => options.ConnectionString = shared.Server.ConnectionString + ";Maximum Pool Size=2;Timeout=1;Command Timeout=60"
        );
        await SpendAsync(temporary.Store, 1m);
        await using var other = new NpgsqlConnection(shared.Server.ConnectionString + ";Pooling=false");
        await other.OpenAsync();
        var transaction = await other.BeginTransactionAsync();
        await using var hold = new NpgsqlCommand($"LOCK TABLE {temporary.Options.Schema}.budget_slice", other, transaction);
        await hold.ExecuteNonQueryAsync();

        var first = Task.Run(() => SpendAsync(temporary.Store, 1m));
        await Task.Delay(100);
        var refused = await Assert.ThrowsAsync<PostgreSqlStoreException>(() => SpendAsync(temporary.Store, 1m));
        await transaction.RollbackAsync();
        await first;
        await SpendAsync(temporary.Store, 1m);

        Assert.Contains("All connections are busy", refused.Message, StringComparison.Ordinal);
        Assert.Equal(3m, await SpentAsync(temporary.Store));
    }

    [StoreFact]
    public async Task Database_user_and_rights_that_are_missing_are_named()
    {
        var target = new NpgsqlConnectionStringBuilder(shared.Server.ConnectionString);
        using (
            var nowhere = new PostgreSqlStore(
                new NpgsqlConnectionStringBuilder(target.ConnectionString) { Database = "nowhere" }.ConnectionString
            )
        )
        {
            var exception = await Assert.ThrowsAsync<PostgreSqlStoreException>(() => SpendAsync(nowhere, 1m));
            Assert.Contains("CREATE DATABASE", exception.Message, StringComparison.Ordinal);
        }

        using var temporary = new TemporaryStore(shared.Server);
        var user = "u" + temporary.Options.Schema;
        await temporary.ScalarAsync($"CREATE ROLE {user} LOGIN");
        using var weak = new PostgreSqlStore(
            new PostgreSqlStoreOptions
            {
                ConnectionString = new NpgsqlConnectionStringBuilder(target.ConnectionString) { Username = user }.ConnectionString,
                Schema = temporary.Options.Schema,
            }
        );
        var refused = await Assert.ThrowsAsync<PostgreSqlStoreException>(() => SpendAsync(weak, 1m));
        Assert.Contains("Grant CREATE", refused.Message, StringComparison.Ordinal);

        // A schema that was made for the user is all it needs.
        await temporary.ScalarAsync($"CREATE SCHEMA {{s}} AUTHORIZATION {user}");
        await SpendAsync(weak, 1m);
        Assert.Equal(1m, await SpentAsync(weak));
        weak.Dispose();
        await temporary.ScalarAsync($"DROP OWNED BY {user} CASCADE; DROP ROLE {user}");
    }

    [StoreFact]
    public async Task Data_source_of_the_app_is_used_and_stays_open()
    {
        using var temporary = new TemporaryStore(shared.Server);
        await using var source = NpgsqlDataSource.Create(shared.Server.ConnectionString);
        await using (
            var store = new PostgreSqlStore(
                new PostgreSqlStoreOptions { DataSource = source, Schema = temporary.Options.Schema },
                temporary.Clock
            )
        )
        {
            await SpendAsync(store, 3m);
            await store.Records.AppendAsync([new StoredCall { Id = Guid.CreateVersion7(), StartedAt = Today }], default);
            await store.Cache.SetAsync("key", [1], new());
            Assert.Equal(3m, await SpentAsync(store));
        }

        await using var connection = await source.OpenConnectionAsync();
        Assert.Equal(System.Data.ConnectionState.Open, connection.State);
    }

    [StoreFact]
    public async Task Amount_that_cannot_be_kept_is_refused()
    {
        using var temporary = new TemporaryStore(shared.Server);
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() => SpendAsync(temporary.Store, -1m));
    }

    [StoreFact]
    public async Task Disposed_store_refuses()
    {
        using var temporary = new TemporaryStore(shared.Server);
        await SpendAsync(temporary.Store, 1m);
        temporary.Store.Dispose();

        await Assert.ThrowsAsync<ObjectDisposedException>(() => SpendAsync(temporary.Store, 1m));
    }

    [Fact]
    public void Options_that_are_bad_are_all_named()
    {
        var exception = Assert.Throws<ArgumentException>(() =>
            new PostgreSqlStore(
                new PostgreSqlStoreOptions
                {
                    Schema = "Robert'); DROP",
                    Retention = TimeSpan.Zero,
                    BudgetRetention = TimeSpan.MaxValue,
                    MaxCacheBytes = 1,
                    MaintenanceInterval = TimeSpan.Zero,
                }
            )
        );

        foreach (
            var name in (string[])
                ["ConnectionString", "Schema is", "Retention is", "BudgetRetention is", "MaxCacheBytes is", "MaintenanceInterval is"]
        )
        {
            Assert.Contains(name, exception.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Server_that_is_not_there_is_named_without_the_password()
    {
        await using var store = new PostgreSqlStore("Host=127.0.0.1;Port=1;Username=u;Password=secret;Database=d;Timeout=2");

        var exception = await Assert.ThrowsAsync<PostgreSqlStoreException>(() => SpendAsync(store, 1m));

        Assert.Contains("127.0.0.1:1/d/llmthrift", exception.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Registration_gives_one_store_for_all()
    {
        var own = new MemoryDistributedStore();
        await using var provider = new ServiceCollection().AddPostgreSqlStores("Host=127.0.0.1;Port=1").BuildServiceProvider();
        await using var another = new ServiceCollection()
            .AddSingleton<IDistributedCache>(own)
            .AddPostgreSqlStores("Host=127.0.0.1;Port=1")
            .BuildServiceProvider();

        var store = provider.GetRequiredService<PostgreSqlStore>();

        Assert.Same(store.Budgets, provider.GetRequiredService<IBudgetLedger>());
        Assert.Same(store.Records, provider.GetRequiredService<ICallRecordStore>());
        Assert.Same(store.SemanticCache, provider.GetRequiredService<ISemanticCacheStore>());
        Assert.Same(store.Cache, provider.GetRequiredService<IDistributedCache>());
        Assert.Same(own, another.GetRequiredService<IDistributedCache>());
        Assert.Throws<ArgumentException>(() => new ServiceCollection().AddPostgreSqlStores(""));
    }

    private static Task SpendAsync(PostgreSqlStore store, decimal amount) =>
        store.Budgets.SettleAsync(Guid.CreateVersion7(), [new("b", "", Today, amount)], default).AsTask();

    private static async Task<decimal> SpentAsync(PostgreSqlStore store) =>
        (await store.Budgets.GetAccountsAsync("b", Today, 10, default)).Sum(account => account.Balance.Spent);
}
