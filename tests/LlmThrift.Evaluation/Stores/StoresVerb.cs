using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using LlmThrift.PostgreSql;
using LlmThrift.SemanticCache;
using LlmThrift.Sqlite;
using Spectre.Console;

namespace LlmThrift.Evaluation.Stores;

/// <summary><c>stores</c>: measures the stores of budgets, call records and caches.</summary>
internal static class StoresVerb
{
    private const long MinRecords = 50_000;

    public static Command Create()
    {
        var sqlite = new Option<FileInfo?>("--sqlite") { Description = "A new SQLite file; a temporary one by default." };
        var postgreSql = new Option<string?>("--postgresql")
        {
            Description = "A connection string; measures PostgreSQL instead, in a schema of its own that is dropped afterwards.",
        };
        var records = new Option<long>("--records")
        {
            Description = "How many call records, of a month. 540,000 make as many rows of sums as ten million do.",
            DefaultValueFactory = _ => 540_000,
        };
        records.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<long>() is var count && (count < MinRecords || count % 1_000 != 0))
            {
                result.AddError($"--records is {count}: it must be a multiple of 1,000, and at least {MinRecords}.");
            }
        });
        var json = new Option<FileInfo?>("--json") { Description = "Write the figures to this file." };
        var command = new Command("stores", "Measures the stores of budgets, call records and caches.")
        {
            sqlite,
            postgreSql,
            records,
            json,
        };
        command.SetAction(
            (result, _) =>
                RunAsync(result.GetValue(sqlite), result.GetValue(postgreSql), result.GetRequiredValue(records), result.GetValue(json))
        );
        return command;
    }

    private static async Task<int> RunAsync(FileInfo? sqlite, string? postgreSql, long records, FileInfo? json)
    {
        var figures = postgreSql is null ? await MeasureSqliteAsync(sqlite, records) : await MeasurePostgreSqlAsync(postgreSql, records);
        if (json is not null)
        {
            await using var stream = json.Create();
            await JsonSerializer.SerializeAsync(stream, figures, JsonSerializerOptions.Web);
        }

        Write(figures);
        return 0;
    }

    private static async Task<StoreFigures> MeasureSqliteAsync(FileInfo? file, long records)
    {
        var folder = file is null ? Directory.CreateTempSubdirectory("llmthrift-stores-") : null;
        try
        {
            await using var store = new SqliteStore(file?.FullName ?? Path.Combine(folder!.FullName, "stores.db"));
            var figures = await new StoreMeasurement("SQLite", store.Budgets, store.Records, store.Cache).RunAsync(records);
            AnsiConsole.WriteLine(
                string.Create(CultureInfo.InvariantCulture, $"The file has {new FileInfo(store.Path).Length / 1024 / 1024:N0} MiB.")
            );
            return figures;
        }
        finally
        {
            folder?.Delete(recursive: true);
        }
    }

    private static async Task<StoreFigures> MeasurePostgreSqlAsync(string connectionString, long records)
    {
        var schema = $"measure_{TimeProvider.System.GetTimestamp()}";
        await using var source = Npgsql.NpgsqlDataSource.Create(connectionString);
        try
        {
            await using var store = new PostgreSqlStore(
                new PostgreSqlStoreOptions { ConnectionString = connectionString, Schema = schema }
            );
            await using var another = new PostgreSqlStore(
                new PostgreSqlStoreOptions { ConnectionString = connectionString, Schema = schema }
            );
            var figures = await new StoreMeasurement("PostgreSQL", store.Budgets, store.Records, store.Cache).RunAsync(records);
            var (saved, removed) = await FeedMeasurement.RunAsync(store.SemanticCache, (ISemanticCacheFeed)another.SemanticCache);
            Progress.Clear();
            return figures with
            {
                EntryToldMedian = saved[saved.Count / 2],
                EntryToldMax = saved[^1],
                RemovalToldMedian = removed[removed.Count / 2],
                RemovalToldMax = removed[^1],
            };
        }
        finally
        {
            await using var command = source.CreateCommand($"DROP SCHEMA IF EXISTS {schema} CASCADE");
            await command.ExecuteNonQueryAsync();
        }
    }

    private static void Write(StoreFigures figures)
    {
        var table = new Table().AddColumn(figures.Store).AddColumn(new TableColumn("").RightAligned());
        Row("reserve and settle, median (µs)", figures.ReserveAndSettleMedianMicroseconds);
        Row("reserve and settle, 99 % (µs)", figures.ReserveAndSettleP99Microseconds);
        Row("with three budgets, median (µs)", figures.ThreeBudgetsMedianMicroseconds);
        Row("pairs a second, one caller", figures.PairsPerSecondOfOne);
        Row("pairs a second, 64 callers", figures.PairsPerSecondOfMany);
        Row("records a second", figures.RecordsPerSecond);
        Row("reserve and settle every 2 ms, median (µs)", figures.MedianMicrosecondsNowAndThen);
        Row("reserve and settle every 2 ms, 99 % (µs)", figures.P99MicrosecondsNowAndThen);
        Row("… beside 5,000 records a second, median (µs)", figures.MedianMicrosecondsWhileRecordingAtPace);
        Row("… beside 5,000 records a second, 99 % (µs)", figures.P99MicrosecondsWhileRecordingAtPace);
        Row("… beside as many as will go, median (µs)", figures.MedianMicrosecondsWhileRecording);
        Row("… beside as many as will go, 99 % (µs)", figures.P99MicrosecondsWhileRecording);
        Row("records in all", figures.Records);
        Row("view of a month (ms)", figures.MonthMedian);
        Row("view of a month of one tenant (ms)", figures.MonthOfOneTenantMedian);
        Row("view of a month of one model (ms)", figures.MonthOfOneModelMedian);
        Row("the 20 dearest calls of a month (ms)", figures.DearestMedian);
        Row("cache, get 4 KiB, median (µs)", figures.CacheGetMedianMicroseconds);
        Row("cache, set 4 KiB, median (µs)", figures.CacheSetMedianMicroseconds);
        if (figures.EntryToldMax > 0)
        {
            Row("another instance has a new entry, median (ms)", figures.EntryToldMedian);
            Row("… at most", figures.EntryToldMax);
            Row("another instance drops an entry, median (ms)", figures.RemovalToldMedian);
            Row("… at most", figures.RemovalToldMax);
        }

        AnsiConsole.Write(table);

        void Row(string name, double value) => table.AddRow(name, value.ToString(value < 100 ? "N1" : "N0", CultureInfo.InvariantCulture));
    }
}
