using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using LlmThrift.Embeddings;
using LlmThrift.Routing;
using Spectre.Console;

namespace LlmThrift.Evaluation.Routing;

/// <summary><c>routing</c>: how well the router's scorer chooses between a weaker and a stronger model, on prompts whose answers were judged.</summary>
internal static class RoutingVerb
{
    internal const double PriorLambda = 25;

    public static Command Create()
    {
        var data = new Option<DirectoryInfo>("--data")
        {
            Description = "Folder that holds routing/*.jsonl: id, task, prompt, quality by model.",
            Required = true,
        };
        var weak = new Option<string?>("--weak") { Description = "The weaker model; with --strong. Default: every pair of each file." };
        var strong = new Option<string?>("--strong") { Description = "The stronger model." };
        var train = new Option<DirectoryInfo?>("--train")
        {
            Description = "Fit the prior to the files of this folder in place of the one that comes with the package.",
        };
        var crossFit = new Option<bool>("--cross-fit")
        {
            Description =
                "Fit the prior to the same file, for each task to other tasks alone: for a file that the one of the package was fitted to.",
        };
        var audit = new Option<int>("--audit")
        {
            Description = "Learn from this many prompts of the same file, and score the rest. 0: none, the prior alone.",
        };
        var seeds = new Option<int>("--seeds") { Description = "How many audits are drawn.", DefaultValueFactory = _ => 10 };
        var json = new Option<FileInfo?>("--json") { Description = "Write the figures to this file." };
        var command = new Command("routing", "Measures how well scores choose between a weaker and a stronger model.")
        {
            data,
            weak,
            strong,
            train,
            crossFit,
            audit,
            seeds,
            json,
        };
        command.SetAction(
            (result, cancellation) =>
                RunAsync(
                    result.GetRequiredValue(data),
                    (result.GetValue(weak), result.GetValue(strong)),
                    result.GetValue(train),
                    result.GetValue(crossFit),
                    result.GetValue(audit),
                    result.GetValue(seeds),
                    result.GetValue(json),
                    cancellation
                )
        );
        return command;
    }

    private static async Task<int> RunAsync(
        DirectoryInfo data,
        (string? Weak, string? Strong) models,
        DirectoryInfo? train,
        bool isCrossFit,
        int audit,
        int seeds,
        FileInfo? json,
        CancellationToken cancellation
    )
    {
        if (
            (models.Weak is null) != (models.Strong is null)
            || audit < 0
            || audit > GainFitter.MaxAnchors
            || seeds < 1
            || (isCrossFit && train is not null)
        )
        {
            await Console.Error.WriteLineAsync(
                $"--weak and --strong go together, --train and --cross-fit do not; --audit is from 0 to {GainFitter.MaxAnchors}, --seeds at least 1."
            );
            return 2;
        }

        var files = DataFiles.In(data, "routing", "*.jsonl", "id, task, prompt, quality by model");
        var trainFiles = train is null ? [] : DataFiles.In(train, "routing", "*.jsonl", "id, task, prompt, quality by model");
        if (files.Length == 0 || (train is not null && trainFiles.Length == 0))
        {
            return 2;
        }

        using var generator = new MiniLmEmbeddingGenerator();
        try
        {
            var results = new List<RoutingResult>();
            foreach (var file in files)
            {
                var rows = RoutingRow.ReadAll(file);
                var vectors = await Vectors.EmbedAsync(generator, rows.Select(row => row.Prompt), cancellation);
                foreach (var (weak, strong) in PairsOf(rows, models))
                {
                    cancellation.ThrowIfCancellationRequested();
                    var having = rows.FindAll(row => row.Quality.ContainsKey(weak) && row.Quality.ContainsKey(strong));
                    if (having.Count < audit + 100)
                    {
                        continue;
                    }

                    var examples = RoutingExamples.Of(having, vectors, weak, strong);
                    var prior = train is null
                        ? GainPrior.Shipped
                        : await RoutingExamples.PriorOfAsync(trainFiles, generator, weak, strong, PriorLambda, cancellation);
                    if (prior is null)
                    {
                        await Console.Error.WriteLineAsync($"No file of {train!.FullName} has qualities of both {weak} and {strong}.");
                        return 2;
                    }

                    Progress.Show($"{file.Name}: {weak} and {strong}");
                    results.Add(
                        RoutingEvaluation.Run(
                            Path.GetFileNameWithoutExtension(file.Name),
                            having,
                            examples,
                            weak,
                            strong,
                            isCrossFit
                                ? RoutingExamples.CrossFitted(having, examples, PriorLambda)
                                : [.. examples.Select(example => prior.Of(example.Vector, example.Features))],
                            audit,
                            seeds
                        )
                    );
                    Progress.Clear();
                }
            }

            if (results.Count == 0)
            {
                await Console.Error.WriteLineAsync("No file has qualities of both models for enough prompts.");
                return 2;
            }

            Print(results, audit);
            if (json is not null)
            {
                Write(json, results);
            }

            return 0;
        }
        catch (InvalidDataException exception)
        {
            await Console.Error.WriteLineAsync(exception.Message);
            return 2;
        }
    }

    /// <summary>The pair that was asked for, or all pairs in which one is stronger.</summary>
    private static IEnumerable<(string Weak, string Strong)> PairsOf(List<RoutingRow> rows, (string? Weak, string? Strong) models)
    {
        if (models is { Weak: { } weak, Strong: { } strong })
        {
            return rows.Exists(row => row.Quality.ContainsKey(weak) && row.Quality.ContainsKey(strong)) ? [(weak, strong)] : [];
        }

        var means = rows.SelectMany(row => row.Quality)
            .GroupBy(quality => quality.Key, quality => quality.Value, StringComparer.Ordinal)
            .Select(group => (Model: group.Key, Quality: group.Average()))
            .OrderBy(model => model.Quality)
            .ToList();
        return from lower in means from higher in means where higher.Quality > lower.Quality select (lower.Model, higher.Model);
    }

    private static void Print(List<RoutingResult> results, int audit)
    {
        var culture = CultureInfo.InvariantCulture;
        var table = new Table
        {
            Title = new TableTitle(audit == 0 ? "Routing without an audit" : $"Routing with an audit of {audit} prompts of the same file"),
        };
        foreach (var name in new[] { "File, models", "Prompts", "APGR", "CPT 50\nCPT 80", "Longest\nRandom", "USD/1,000", "98 % kept" })
        {
            table.AddColumn(name);
        }

        foreach (var result in results)
        {
            table.AddRow(
                Markup.Escape($"{result.File}\n{result.Weak}\n{result.Strong}"),
                string.Create(culture, $"{result.Prompts:N0}\n{result.WeakQuality:0.000}\n{result.StrongQuality:0.000}"),
                string.Create(
                    culture,
                    $"{result.Ours.Apgr:0.000}\n{result.ApgrLow:0.000}–{result.ApgrHigh:0.000}\noracle +{result.Regret:0.000}"
                ),
                string.Create(culture, $"{result.Ours.Cpt50:P1}\n{result.Ours.Cpt80:P1}"),
                string.Create(culture, $"{result.LongestFirst.Apgr:0.000}\n{result.Random.Apgr:0.000}"),
                result.CostPer1000 is { } cost
                    ? string.Create(culture, $"{cost.At98:0.00} at 98 %\n{cost.Weak:0.00} weak\n{cost.Strong:0.00} strong")
                    : "no price",
                result.Kept is { } kept ? string.Create(culture, $"{kept.Kept:P0} of {kept.Seeds}\nstrong {kept.StrongShare:P1}") : "–"
            );
        }

        AnsiConsole.Write(table);
    }

    private static void Write(FileInfo json, List<RoutingResult> results)
    {
        using var stream = json.Create();
        using var writer = new Utf8JsonWriter(stream, new JsonWriterOptions { Indented = true });
        writer.WriteStartObject();
        writer.WriteStartObject("files");
        foreach (var file in results.GroupBy(result => result.File, StringComparer.Ordinal))
        {
            // One pair: the file's figures. Several: the first pair's, and all of them beside it.
            writer.WriteStartObject(file.Key);
            WriteFigures(writer, file.First());
            if (file.Count() > 1)
            {
                writer.WriteStartObject("pairs");
                foreach (var pair in file)
                {
                    writer.WriteStartObject($"{pair.Weak} / {pair.Strong}");
                    WriteFigures(writer, pair);
                    writer.WriteEndObject();
                }

                writer.WriteEndObject();
            }

            writer.WriteEndObject();
        }

        writer.WriteEndObject();
        writer.WriteEndObject();
    }

    private static void WriteFigures(Utf8JsonWriter writer, RoutingResult result)
    {
        writer.WriteNumber("prompts", result.Prompts);
        writer.WriteString("weak", result.Weak);
        writer.WriteString("strong", result.Strong);
        writer.WriteNumber("weakQuality", Math.Round(result.WeakQuality, 6));
        writer.WriteNumber("strongQuality", Math.Round(result.StrongQuality, 6));
        WriteFigures(writer, result.Ours);
        writer.WriteNumber("apgrLow", Math.Round(result.ApgrLow, 6));
        writer.WriteNumber("apgrHigh", Math.Round(result.ApgrHigh, 6));
        writer.WriteNumber("regret", Math.Round(result.Regret, 6));
        writer.WriteStartObject("random");
        WriteFigures(writer, result.Random);
        writer.WriteEndObject();
        writer.WriteStartObject("longestFirst");
        WriteFigures(writer, result.LongestFirst);
        writer.WriteEndObject();
        if (result.CostPer1000 is { } cost)
        {
            writer.WriteStartObject("costPer1000");
            writer.WriteNumber("weak", Math.Round(cost.Weak, 6));
            writer.WriteNumber("strong", Math.Round(cost.Strong, 6));
            writer.WriteNumber("at95", Math.Round(cost.At95, 6));
            writer.WriteNumber("at98", Math.Round(cost.At98, 6));
            writer.WriteNumber("at100", Math.Round(cost.At100, 6));
            writer.WriteEndObject();
        }

        if (result.Kept is { } promise)
        {
            writer.WriteStartObject("promise");
            writer.WriteNumber("target", promise.Target);
            writer.WriteNumber("kept", Math.Round(promise.Kept, 6));
            writer.WriteNumber("seeds", promise.Seeds);
            writer.WriteNumber("strongShare", Math.Round(promise.StrongShare, 6));
            writer.WriteEndObject();
        }
    }

    private static void WriteFigures(Utf8JsonWriter writer, RoutingResult.Figures figures)
    {
        writer.WriteNumber("apgr", Math.Round(figures.Apgr, 6));
        writer.WriteNumber("cpt50", Math.Round(figures.Cpt50, 6));
        writer.WriteNumber("cpt80", Math.Round(figures.Cpt80, 6));
    }
}
