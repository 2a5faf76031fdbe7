using LlmThrift.Budgets;
using LlmThrift.Metering;
using LlmThrift.SemanticCache;
using LlmThrift.TestKit;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Caching.Distributed;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace LlmThrift.Sqlite.Tests;

/// <summary>The file as such: opening, failures and the way back from them, maintenance, registration.</summary>
public sealed class SqliteStoreTests
{
    private static readonly DateTimeOffset Today = new(2026, 9, 1, 0, 0, 0, TimeSpan.Zero);

    [Fact]
    public async Task Store_opened_again_has_what_was_written()
    {
        using var temporary = new TemporaryStore();
        await SpendAsync(temporary.Store, 1m);
        await temporary.Store.Cache.SetAsync("key", [1], new());

        using var second = new SqliteStore(temporary.Options, temporary.Clock);
        await SpendAsync(second, 2m);
        temporary.Store.Dispose();

        Assert.Equal(3m, await SpentAsync(second));
        Assert.Equal([1], await second.Cache.GetAsync("key"));
        Assert.Equal(1, second.File.Read(database => database.Scalar("SELECT max(version) FROM llmthrift_version")));
    }

    [Fact]
    public async Task Many_stores_may_make_the_file_at_once()
    {
        using var temporary = new TemporaryStore();
        var stores = Enumerable.Range(0, 8).Select(_ => new SqliteStore(temporary.Options, temporary.Clock)).ToList();
        await Task.WhenAll(stores.Select(store => Task.Run(() => SpendAsync(store, 1m))));

        Assert.Equal(8m, await SpentAsync(temporary.Store));
        stores.ForEach(store => store.Dispose());
    }

    [Fact]
    public async Task File_of_a_newer_version_is_refused_and_says_so()
    {
        using var temporary = new TemporaryStore();
        await SpendAsync(temporary.Store, 1m);
        Execute(temporary.Path, "INSERT INTO llmthrift_version VALUES(99, 'later')");
        using var second = new SqliteStore(temporary.Options);

        var exception = await Assert.ThrowsAsync<SqliteStoreException>(() => SpendAsync(second, 1m));

        Assert.Contains("version 99", exception.Message, StringComparison.Ordinal);
        Assert.Contains(temporary.Path, exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Locked_file_fails_after_the_busy_timeout_and_works_when_it_is_free()
    {
        using var temporary = new TemporaryStore(options => options.BusyTimeout = TimeSpan.FromMilliseconds(200));
        await SpendAsync(temporary.Store, 1m);
        using (var other = Open(temporary.Path))
        {
            Execute(other, "BEGIN IMMEDIATE");
            var waiting = Enumerable.Range(0, 5).Select(_ => SpendAsync(temporary.Store, 1m)).ToList();
            foreach (var task in waiting)
            {
                var exception = await Assert.ThrowsAsync<SqliteStoreException>(() => task);
                Assert.Contains("was locked", exception.Message, StringComparison.Ordinal);
                Assert.Equal(temporary.Path, exception.Path);
            }

            Execute(other, "ROLLBACK");
        }

        await SpendAsync(temporary.Store, 1m);
        Assert.Equal(2m, await SpentAsync(temporary.Store));
    }

    [Fact]
    public async Task Caller_that_waits_for_a_locked_file_can_cancel()
    {
        using var temporary = new TemporaryStore();
        await SpendAsync(temporary.Store, 1m);
        using var other = Open(temporary.Path);
        Execute(other, "BEGIN IMMEDIATE");
        using var source = new CancellationTokenSource(TimeSpan.FromMilliseconds(100));

        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () =>
            await temporary.Store.Budgets.SettleAsync(Guid.CreateVersion7(), [new("b", "", Today, 1m)], source.Token)
        );
        Execute(other, "ROLLBACK");
    }

    [Fact]
    public async Task Full_disk_is_named_and_what_was_written_stays_and_work_goes_on_when_there_is_room()
    {
        using var temporary = new TemporaryStore();
        await SpendAsync(temporary.Store, 1m);

        // A file that may not grow stands for a disk that is full.
        temporary.Store.File.Opened = database => database.Execute("PRAGMA max_page_count=1");
        temporary.Store.File.Report(new SqliteException("", 10));
        var exception = await Assert.ThrowsAsync<SqliteStoreException>(() =>
            temporary.Store.Cache.SetAsync("key", new byte[1_000_000], new())
        );
        Assert.Contains("disk is full", exception.Message, StringComparison.Ordinal);

        temporary.Store.File.Opened = null;
        await temporary.Store.Cache.SetAsync("key", new byte[1_000_000], new());
        Assert.Equal(1m, await SpentAsync(temporary.Store));
    }

    [Fact]
    public async Task File_that_may_not_be_written_is_named_and_works_again_when_it_may()
    {
        using var temporary = new TemporaryStore();
        await SpendAsync(temporary.Store, 1m);

        // Who runs the tests may write everything; a connection that may only read stands for one who may not.
        temporary.Store.File.Opened = database => database.Execute("PRAGMA query_only=ON");
        temporary.Store.File.Report(new SqliteException("", 10));
        var exception = await Assert.ThrowsAsync<SqliteStoreException>(() => SpendAsync(temporary.Store, 1m));
        Assert.Contains("may not be written", exception.Message, StringComparison.Ordinal);

        temporary.Store.File.Opened = null;
        await SpendAsync(temporary.Store, 1m);
        Assert.Equal(2m, await SpentAsync(temporary.Store));
    }

    [Fact]
    public async Task Damaged_file_is_named_and_a_new_one_is_made_when_it_is_moved_away()
    {
        using var temporary = new TemporaryStore();
        Directory.CreateDirectory(Path.GetDirectoryName(temporary.Path)!);
        await File.WriteAllTextAsync(temporary.Path, new string('x', 100_000));

        var exception = await Assert.ThrowsAsync<SqliteStoreException>(() => SpendAsync(temporary.Store, 1m));
        Assert.Contains("damaged", exception.Message, StringComparison.Ordinal);
        await Assert.ThrowsAsync<SqliteStoreException>(() => temporary.Store.Cache.GetAsync("key"));

        File.Move(temporary.Path, temporary.Path + ".damaged");
        await SpendAsync(temporary.Store, 1m);
        Assert.Equal(1m, await SpentAsync(temporary.Store));
    }

    [Fact]
    public async Task File_damaged_while_in_use_is_named_and_a_new_one_is_made_when_it_is_moved_away()
    {
        using var temporary = new TemporaryStore();
        await temporary.Store.Cache.SetAsync("key", new byte[300_000], new());
        await SpendAsync(temporary.Store, 1m);
        Execute(temporary.Path, "PRAGMA wal_checkpoint(TRUNCATE)");
        await using (var stream = new FileStream(temporary.Path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite))
        {
            await stream.WriteAsync(Enumerable.Repeat((byte)0xEE, (int)stream.Length).ToArray());
        }

        using var second = new SqliteStore(temporary.Options, temporary.Clock);
        await Assert.ThrowsAsync<SqliteStoreException>(() => SpendAsync(second, 1m));
        temporary.Store.File.Report(new SqliteException("", 11));
        await Assert.ThrowsAsync<SqliteStoreException>(() => SpendAsync(temporary.Store, 1m));

        foreach (var file in Directory.GetFiles(Path.GetDirectoryName(temporary.Path)!, "store.db*"))
        {
            File.Delete(file);
        }

        await SpendAsync(temporary.Store, 1m);
        Assert.Equal(1m, await SpentAsync(temporary.Store));
    }

    [Fact]
    public async Task Path_that_cannot_be_opened_is_named()
    {
        var folder = Directory.CreateTempSubdirectory("llmthrift-sqlite-");
        using var store = new SqliteStore(folder.FullName);
        await Assert.ThrowsAsync<SqliteStoreException>(() => SpendAsync(store, 1m));

        var file = Path.Combine(folder.FullName, "file");
        await File.WriteAllTextAsync(file, "");
        using var below = new SqliteStore(Path.Combine(file, "store.db"));
        var exception = await Assert.ThrowsAsync<SqliteStoreException>(() => SpendAsync(below, 1m));
        Assert.Contains(below.Path, exception.Message, StringComparison.Ordinal);
        folder.Delete(recursive: true);
    }

    [Fact]
    public async Task Amount_that_cannot_be_kept_fails_alone()
    {
        using var temporary = new TemporaryStore();
        var tasks = Enumerable.Range(0, 50).Select(_ => Task.Run(() => SpendAsync(temporary.Store, 1m))).ToList();
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() => SpendAsync(temporary.Store, 1e20m));
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() => SpendAsync(temporary.Store, -1m));
        await Task.WhenAll(tasks);

        Assert.Equal(50m, await SpentAsync(temporary.Store));
    }

    [Fact]
    public async Task Operation_that_fails_within_a_group_undoes_itself_alone()
    {
        using var temporary = new TemporaryStore();
        await SpendAsync(temporary.Store, 1m);
        using var other = Open(temporary.Path);
        Execute(other, "BEGIN IMMEDIATE");
        var tasks = new List<Task>();
        for (var index = 0; index < 20; index++)
        {
            tasks.Add(SpendAsync(temporary.Store, 1m));
        }

        var failing = temporary.Store.Writer.RunAsync(
            database =>
            {
                database.Execute("DELETE FROM budget_slice");
                throw new InvalidOperationException("a mistake");
            },
            isBulk: false,
            default
        );
        Execute(other, "ROLLBACK");

        await Task.WhenAll(tasks);
        await Assert.ThrowsAsync<InvalidOperationException>(() => failing);
        Assert.Equal(21m, await SpentAsync(temporary.Store));
    }

    [Fact]
    public async Task Maintenance_removes_what_has_ended_a_day_ago_and_old_slices()
    {
        using var temporary = new TemporaryStore();
        await SpendAsync(temporary.Store, 1m);
        for (var index = 0; index < 1_200; index++)
        {
            await temporary.Store.Budgets.SettleAsync(Guid.CreateVersion7(), [], default);
        }

        temporary.Clock.Advance(TimeSpan.FromHours(23));
        await temporary.Store.MaintainAsync();
        Assert.Equal(1_201, Count(temporary, "budget_reservation"));
        temporary.Clock.Advance(TimeSpan.FromHours(2));
        await temporary.Store.MaintainAsync();
        Assert.Equal(0, Count(temporary, "budget_reservation"));
        Assert.Equal(1m, await SpentAsync(temporary.Store));
        temporary.Clock.Advance(TimeSpan.FromDays(401));
        await temporary.Store.MaintainAsync();
        Assert.Equal(0, Count(temporary, "budget_slice"));
    }

    [Fact]
    public async Task Maintenance_comes_by_itself()
    {
        using var temporary = new TemporaryStore();
        await temporary.Store.Cache.SetAsync("key", [1], new() { AbsoluteExpirationRelativeToNow = TimeSpan.FromMinutes(1) });

        temporary.Clock.Advance(TimeSpan.FromMinutes(10));

        for (var tries = 0; Count(temporary, "cache_entry") > 0; tries++)
        {
            Assert.True(tries < 500);
            await Task.Delay(10);
        }
    }

    [Fact]
    public async Task Disposed_store_refuses()
    {
        using var temporary = new TemporaryStore();
        await SpendAsync(temporary.Store, 1m);
        temporary.Store.Dispose();

        await Assert.ThrowsAsync<ObjectDisposedException>(() => SpendAsync(temporary.Store, 1m));
        await Assert.ThrowsAsync<ObjectDisposedException>(() => temporary.Store.Cache.GetAsync("key"));
    }

    [Fact]
    public void Options_that_are_bad_are_all_named()
    {
        var exception = Assert.Throws<ArgumentException>(() =>
            new SqliteStore(
                new SqliteStoreOptions
                {
                    Retention = TimeSpan.Zero,
                    BudgetRetention = TimeSpan.MaxValue,
                    BusyTimeout = TimeSpan.Zero,
                    MaxCacheBytes = 1,
                    MaintenanceInterval = TimeSpan.Zero,
                }
            )
        );

        foreach (var name in (string[])["Path", "Retention", "BudgetRetention", "BusyTimeout", "MaxCacheBytes", "MaintenanceInterval"])
        {
            Assert.Contains(name + " is", exception.Message, StringComparison.Ordinal);
        }

        Assert.Throws<ArgumentException>(() => new SqliteStore(":memory:"));
    }

    [Fact]
    public async Task Registration_gives_one_store_for_all()
    {
        using var temporary = new TemporaryStore();
        var services = new ServiceCollection();
        services.AddSqliteStores(temporary.Path + "2");
        await using var provider = services.BuildServiceProvider();

        var store = provider.GetRequiredService<SqliteStore>();

        Assert.Same(store.Budgets, provider.GetRequiredService<IBudgetLedger>());
        Assert.Same(store.Records, provider.GetRequiredService<ICallRecordStore>());
        Assert.Same(store.SemanticCache, provider.GetRequiredService<ISemanticCacheStore>());
        Assert.Same(store.Cache, provider.GetRequiredService<IDistributedCache>());
        Assert.Throws<ArgumentException>(() => services.AddSqliteStores(""));
    }

    [Fact]
    public void Registration_leaves_the_apps_own_distributed_cache_alone()
    {
        using var temporary = new TemporaryStore();
        var own = new MemoryDistributedStore();
        using var provider = new ServiceCollection()
            .AddSingleton<IDistributedCache>(own)
            .AddSqliteStores(options => options.Path = temporary.Path)
            .BuildServiceProvider();

        Assert.Same(own, provider.GetRequiredService<IDistributedCache>());
    }

    private static Task SpendAsync(SqliteStore store, decimal amount) =>
        store.Budgets.SettleAsync(Guid.CreateVersion7(), [new("b", "", Today, amount)], default).AsTask();

    private static async Task<decimal> SpentAsync(SqliteStore store) =>
        (await store.Budgets.GetAccountsAsync("b", Today, 10, default)).Sum(account => account.Balance.Spent);

    private static long Count(TemporaryStore temporary, string table) =>
        temporary.Store.File.Read(database => database.Scalar($"SELECT count(*) FROM {table}"));

    private static SqliteConnection Open(string path)
    {
        var connection = new SqliteConnection($"Data Source={path};Pooling=False");
        connection.Open();
        return connection;
    }

    private static void Execute(string path, string sql)
    {
        using var connection = Open(path);
        Execute(connection, sql);
    }

    private static void Execute(SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
#pragma warning disable CA2100 // Tests alone.
        command.CommandText = sql;
#pragma warning restore CA2100
        command.ExecuteNonQuery();
    }
}
