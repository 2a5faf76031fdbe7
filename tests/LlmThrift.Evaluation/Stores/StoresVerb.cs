using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using LlmThrift.PostgreSql;
using LlmThrift.Sqlite;
using Spectre.Console;

namespace LlmThrift.Evaluation.Stores;

/// <summary><c>stores</c>: measures the stores of budgets, call records and caches.</summary>
internal static class StoresVerb
{
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
            return await new StoreMeasurement("PostgreSQL", store.Budgets, store.Records, store.Cache).RunAsync(records);
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
        Row("reserve and settle meanwhile, median (µs)", figures.MedianMicrosecondsWhileRecording);
        Row("reserve and settle meanwhile, 99 % (µs)", figures.P99MicrosecondsWhileRecording);
        Row("records in all", figures.Records);
        Row("view of a month (ms)", figures.MonthMedian);
        Row("view of a month of one tenant (ms)", figures.MonthOfOneTenantMedian);
        Row("view of a month of one model (ms)", figures.MonthOfOneModelMedian);
        Row("the 20 dearest calls of a month (ms)", figures.DearestMedian);
        Row("cache, get 4 KiB, median (µs)", figures.CacheGetMedianMicroseconds);
        Row("cache, set 4 KiB, median (µs)", figures.CacheSetMedianMicroseconds);
        AnsiConsole.Write(table);

        void Row(string name, double value) => table.AddRow(name, value.ToString(value < 100 ? "N1" : "N0", CultureInfo.InvariantCulture));
    }
}
