using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using LlmThrift.Embeddings;
using Spectre.Console;

namespace LlmThrift.Evaluation.Streams;

/// <summary><c>stream</c>: replays questions with known intents through the semantic cache, and counts what it serves and what of that is wrong.</summary>
internal static class StreamVerb
{
    public static Command Create()
    {
        var data = new Option<DirectoryInfo>("--data")
        {
            Description = "Folder that holds intents/*.csv: text,intent. An empty intent: nothing in the cache is a right answer.",
            Required = true,
        };
        var maxErrorRate = new Option<double>("--max-error-rate")
        {
            Description = "The share of wrong answers among those served that is allowed.",
            DefaultValueFactory = _ => 0.01,
        };
        var seed = new Option<int>("--seed") { Description = "Seeds the order of the questions.", DefaultValueFactory = _ => 1 };
        var json = new Option<FileInfo?>("--json") { Description = "Write the figures to this file." };
        var command = new Command("stream", "Replays questions with known intents through the semantic cache.")
        {
            data,
            maxErrorRate,
            seed,
            json,
        };
        command.SetAction(
            (result, cancellation) =>
                RunAsync(
                    result.GetRequiredValue(data),
                    result.GetValue(maxErrorRate),
                    result.GetValue(seed),
                    result.GetValue(json),
                    cancellation
                )
        );
        return command;
    }

    private static async Task<int> RunAsync(
        DirectoryInfo data,
        double maxErrorRate,
        int seed,
        FileInfo? json,
        CancellationToken cancellation
    )
    {
        if (maxErrorRate is not (> 0 and < 1))
        {
            var value = maxErrorRate.ToString(CultureInfo.InvariantCulture);
            await Console.Error.WriteLineAsync($"--max-error-rate is {value}: it must be between 0 and 1, such as 0.01.");
            return 2;
        }

        var files = DataFiles.In(data, "intents", "*.csv", "text,intent");
        if (files.Length == 0)
        {
            return 2;
        }

        using var generator = new MiniLmEmbeddingGenerator();
        var results = new List<StreamResult>();
        foreach (var file in files)
        {
            var stream = IntentFile.Read(file).Shuffle(seed);
            var vectors = await Vectors.EmbedAsync(generator, stream.Texts, cancellation);
            results.Add(await StreamReplay.RunAsync(stream, new KnownVectors(generator, vectors), vectors, maxErrorRate, cancellation));
        }

        Print(results, maxErrorRate);
        if (json is not null)
        {
            Write(json, results);
        }

        return 0;
    }

    private static void Print(List<StreamResult> results, double maxErrorRate)
    {
        var culture = CultureInfo.InvariantCulture;
        var table = new Table { Title = new TableTitle(string.Create(culture, $"Semantic cache, at most {maxErrorRate:P1} wrong")) };
        table.AddColumn("");
        foreach (var result in results)
        {
            table.AddColumn(new TableColumn(Markup.Escape(result.Name)).RightAligned());
        }

        Row("Requests", r => r.Requests.ToString("N0", culture));
        Row("Hits", r => r.Hits.ToString("N0", culture));
        Row("False hits", r => r.FalseHits.ToString("N0", culture));
        Row("Hit rate", r => r.HitRate.ToString("P1", culture));
        Row("False hits ÷ hits", r => r.FalseHitShare.ToString("P2", culture));
        Row("… at most, with 95 % confidence", r => r.FalseHitShareUpper95.ToString("P2", culture));
        Row("Calls of the model", r => r.ModelCalls.ToString("N0", culture));
        Row("Best fixed threshold, in hindsight", r => r.BestThreshold.ToString("F3", culture));
        Row("… hits", r => r.BestThresholdHits.ToString("N0", culture));
        Row("… false hits", r => r.BestThresholdFalseHits.ToString("N0", culture));
        AnsiConsole.Write(table);

        void Row(string name, Func<StreamResult, string> value) => table.AddRow([name, .. results.Select(value)]);
    }

    private static void Write(FileInfo json, List<StreamResult> results)
    {
        using var stream = json.Create();
        using var writer = new Utf8JsonWriter(stream, new JsonWriterOptions { Indented = true });
        writer.WriteStartObject();
        writer.WriteStartObject("files");
        foreach (var result in results)
        {
            writer.WriteStartObject(result.Name);
            writer.WriteNumber("requests", result.Requests);
            writer.WriteNumber("hits", result.Hits);
            writer.WriteNumber("falseHits", result.FalseHits);
            writer.WriteNumber("hitRate", Math.Round(result.HitRate, 6));
            writer.WriteNumber("falseHitShare", Math.Round(result.FalseHitShare, 6));
            writer.WriteNumber("falseHitShareUpper95", Math.Round(result.FalseHitShareUpper95, 6));
            writer.WriteNumber("modelCalls", result.ModelCalls);
            writer.WriteStartObject("bestFixedThreshold");
            writer.WriteNumber("threshold", Math.Round(result.BestThreshold, 4));
            writer.WriteNumber("hits", result.BestThresholdHits);
            writer.WriteNumber("falseHits", result.BestThresholdFalseHits);
            writer.WriteEndObject();
            writer.WriteEndObject();
        }

        writer.WriteEndObject();
        writer.WriteEndObject();
    }
}
