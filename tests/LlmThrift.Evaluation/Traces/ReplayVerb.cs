using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Spectre.Console;

namespace LlmThrift.Evaluation.Traces;

/// <summary><c>replay</c>: what the whole pipeline adds to each call when traffic comes as it came in a trace.</summary>
internal static class ReplayVerb
{
    private static readonly JsonSerializerOptions Indented = new()
    {
        WriteIndented = true,
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        NumberHandling = System.Text.Json.Serialization.JsonNumberHandling.AllowNamedFloatingPointLiterals,
    };

    public static Command Create()
    {
        var trace = new Option<FileInfo>("--trace") { Description = "A file of TIMESTAMP,ContextTokens,GeneratedTokens.", Required = true };
        var speed = new Option<double>("--speed") { Description = "How many times as fast as it came.", DefaultValueFactory = _ => 1 };
        var seconds = new Option<int>("--seconds")
        {
            Description = "For how long; the trace begins anew when it ends.",
            DefaultValueFactory = _ => 30,
        };
        var repeats = new Option<double>("--repeats")
        {
            Description = "The share of calls that ask again what one of the last 10,000 asked.",
            DefaultValueFactory = _ => 0.1,
        };
        var json = new Option<FileInfo?>("--json") { Description = "Write the figures to this file." };
        var command = new Command("replay", "Sends a trace of production traffic through the whole pipeline, and measures what it adds.")
        {
            trace,
            speed,
            seconds,
            repeats,
            json,
        };
        command.SetAction(
            (result, cancellation) =>
                RunAsync(
                    result.GetRequiredValue(trace),
                    result.GetValue(speed),
                    result.GetValue(seconds),
                    result.GetValue(repeats),
                    result.GetValue(json),
                    cancellation
                )
        );
        return command;
    }

    private static async Task<int> RunAsync(
        FileInfo trace,
        double speed,
        int seconds,
        double repeats,
        FileInfo? json,
        CancellationToken cancellation
    )
    {
        if (!trace.Exists)
        {
            await Console.Error.WriteLineAsync(
                $"There is no {trace.FullName}. Give a file of TIMESTAMP,ContextTokens,GeneratedTokens with --trace."
            );
            return 2;
        }

        if (speed is not (> 0 and <= 1_000_000) || seconds is < 1 or > 86_400 || repeats is not (>= 0 and <= 1))
        {
            await Console.Error.WriteLineAsync("--speed must be above 0, --seconds from 1 to 86400, and --repeats from 0 to 1.");
            return 2;
        }

        List<TrafficTrace> calls;
        try
        {
            calls = TrafficTrace.Read(trace);
        }
        catch (InvalidDataException exception)
        {
            await Console.Error.WriteLineAsync(exception.Message);
            return 2;
        }

        if (calls.Count == 0)
        {
            await Console.Error.WriteLineAsync($"{trace.Name} has no calls.");
            return 2;
        }

        var replay = new TrafficReplay(calls, speed, repeats, TimeSpan.FromSeconds(seconds));
        var alone = await new TrafficReplay(calls, speed, repeats, TimeSpan.FromSeconds(Math.Min(seconds, 10))).RunAsync(
            throughPipeline: false,
            share => Tell("provider alone", share),
            cancellation
        );
        var whole = await replay.RunAsync(throughPipeline: true, share => Tell("whole pipeline", share), cancellation);
        Progress.Clear();
        Show(alone, whole);
        if (json is not null)
        {
            await using var stream = json.Create();
            await JsonSerializer.SerializeAsync(
                stream,
                new
                {
                    speed,
                    seconds,
                    repeats,
                    providerAlone = alone,
                    pipeline = whole,
                },
                Indented,
                cancellation
            );
        }

        return 0;
    }

    private static void Tell(string what, double share) =>
        Progress.Show(string.Create(CultureInfo.InvariantCulture, $"Replaying, {what}: {share:P0}"));

    private static void Show(TrafficReplay.Figures alone, TrafficReplay.Figures whole)
    {
        var table = new Table()
            .Title("Replay")
            .AddColumn("Figure")
            .AddColumn(new TableColumn("Provider alone").RightAligned())
            .AddColumn(new TableColumn("Whole pipeline").RightAligned());
        Row("Calls", figures => figures.Calls, "N0");
        Row("Calls a second", figures => figures.CallsPerSecond, "N0");
        Row("Added to a call that reaches the provider, µs, median", figures => figures.OverheadP50, "N1");
        Row("… 99th percentile", figures => figures.OverheadP99, "N1");
        Row("… 99.9th percentile", figures => figures.OverheadP999, "N1");
        Row("A call served from the cache, µs, median", figures => figures.HitP50, "N1");
        Row("Bytes allocated a call, with those of the replay", figures => figures.BytesPerCall, "N0");
        Row("Collections", figures => figures.GcCollections, "N0");
        Row("Share of the time in pauses for them", figures => figures.GcPauseShare, "P2");
        Row("Longest pause seen, ms", figures => figures.GcPauseMaxMilliseconds, "N1");
        Row("Failures", figures => figures.Failures, "N0");
        Row("Calls with those of the warm-up", figures => figures.CallsWithWarmUp, "N0");
        Row("Records of them", figures => figures.RecordsKept, "N0");
        AnsiConsole.Write(table);
        var memory = new Table()
            .Title("Memory of the whole pipeline")
            .AddColumn("After, s")
            .AddColumn("Live heap, MB")
            .AddColumn("Working set, MB");
        foreach (var sample in whole.Memory)
        {
            memory.AddRow(
                sample.Seconds.ToString("N0", CultureInfo.InvariantCulture),
                sample.LiveMegabytes.ToString("N1", CultureInfo.InvariantCulture),
                sample.WorkingSetMegabytes.ToString("N1", CultureInfo.InvariantCulture)
            );
        }

        AnsiConsole.Write(memory);

        void Row(string name, Func<TrafficReplay.Figures, double> value, string format) =>
            table.AddRow(
                name,
                value(alone).ToString(format, CultureInfo.InvariantCulture),
                value(whole).ToString(format, CultureInfo.InvariantCulture)
            );
    }
}
