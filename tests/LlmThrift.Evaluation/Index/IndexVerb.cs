using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Spectre.Console;

namespace LlmThrift.Evaluation.Index;

/// <summary><c>index</c>: measures the semantic cache's vector index on embeddings of real texts.</summary>
internal static class IndexVerb
{
    public static Command Create()
    {
        var vectors = new Option<FileInfo>("--vectors") { Description = "Rows of little-endian 32-bit floats.", Required = true };
        var dimensions = new Option<int>("--dimensions") { Description = "Floats of a row.", DefaultValueFactory = _ => 384 };
        var queries = new Option<int>("--queries")
        {
            Description = "How many rows at the beginning of the file are held out as queries.",
            DefaultValueFactory = _ => 1000,
        };
        var counts = new Option<string>("--counts")
        {
            Description = "Entries at which to measure, rising, parted by commas.",
            DefaultValueFactory = _ => "1000,10000,100000",
        };
        var stop = new Option<float?>("--stop")
        {
            Description = "How many spreads beyond its centroid a list may promise before reading ends.",
        };
        var maxSlots = new Option<int?>("--max-slots") { Description = "The greatest number of slots read by a search." };
        var listLimit = new Option<int>("--list-limit")
        {
            Description = "Entries of a list before it is divided.",
            DefaultValueFactory = _ => 256,
        };
        var json = new Option<FileInfo?>("--json") { Description = "Write the figures to this file." };
        var command = new Command("index", "Measures the semantic cache's vector index on embeddings of real texts.")
        {
            vectors,
            dimensions,
            queries,
            counts,
            stop,
            maxSlots,
            listLimit,
            json,
        };
        command.SetAction(result =>
            Run(
                result.GetRequiredValue(vectors),
                result.GetRequiredValue(dimensions),
                result.GetRequiredValue(queries),
                [.. result.GetRequiredValue(counts).Split(',').Select(count => int.Parse(count, CultureInfo.InvariantCulture))],
                result.GetValue(stop),
                result.GetValue(maxSlots),
                result.GetRequiredValue(listLimit),
                result.GetValue(json)
            )
        );
        return command;
    }

    private static int Run(
        FileInfo file,
        int dimensions,
        int queries,
        int[] counts,
        float? stop,
        int? maxSlots,
        int listLimit,
        FileInfo? json
    )
    {
        if (!file.Exists)
        {
            Console.Error.WriteLine($"There is no file '{file.FullName}'.");
            return 2;
        }

        var data = VectorFile.Open(file, dimensions, queries, counts[^1]);
        var figures = new IndexMeasurement(data, stop, maxSlots, listLimit).Run(counts);
        if (json is not null)
        {
            using var stream = json.Create();
            JsonSerializer.Serialize(stream, figures, JsonSerializerOptions.Web);
        }

        Write(file.Name, data.Queries, figures);
        return 0;
    }

    private static void Write(string name, int queries, List<IndexFigures> figures)
    {
        var table = new Table { Title = new TableTitle(Markup.Escape($"{name}, {queries} held-out queries, one core")) };
        table.AddColumn("Figure");
        foreach (var column in figures)
        {
            table.AddColumn(new TableColumn(column.Entries.ToString("N0", CultureInfo.InvariantCulture)).RightAligned());
        }

        AddRow("Look-up, k = 1, median, µs", f => f.MedianMicroseconds1, "N0");
        AddRow("Look-up, k = 1, 99th percentile, µs", f => f.P99Microseconds1, "N0");
        AddRow("Look-up, k = 10, median, µs", f => f.MedianMicroseconds10, "N0");
        AddRow("Look-up, k = 10, 99th percentile, µs", f => f.P99Microseconds10, "N0");
        AddRow("Recall@1, k = 1", f => f.Recall1, "N4");
        AddRow("Recall@1, k = 10", f => f.Recall1OfTen, "N4");
        AddRow("Recall@10", f => f.Recall10, "N4");
        AddRow("Recall@1 where the nearest is at 0.7 or above", f => f.Recall1Near, "N4");
        AddRow("Queries whose nearest is at 0.7 or above", f => f.Near, "N0");
        AddRow("Greatest error of a similarity", f => f.GreatestError, "N6");
        AddRow("Bytes an entry, by the collector", f => f.BytesAnEntry, "N0");
        AddRow("Bytes an entry, by the index", f => f.BytesAnEntryByIndex, "N0");
        AddRow("Inserts a second, alone", f => f.InsertsPerSecond, "N0");
        AddRow("Inserts a second while another thread searches", f => f.InsertsPerSecondServing, "N0");
        AddRow("Longest insert, ms", f => f.LongestInsertMilliseconds, "N1");
        AddRow("Look-up meanwhile, k = 10, median, µs", f => f.MedianMicrosecondsServing, "N0");
        AddRow("Look-up meanwhile, k = 10, 99th percentile, µs", f => f.P99MicrosecondsServing, "N0");
        AddRow("Removals a second", f => f.RemovalsPerSecond, "N0");
        AnsiConsole.Write(table);

        void AddRow(string title, Func<IndexFigures, double> value, string format) =>
            table.AddRow([title, .. figures.Select(f => value(f).ToString(format, CultureInfo.InvariantCulture))]);
    }
}
