using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using LlmThrift.Embeddings;
using LlmThrift.Embeddings.Pairs;
using LlmThrift.SemanticCache;
using Spectre.Console;

namespace LlmThrift.Evaluation.Pairs;

/// <summary><c>pairs</c>: how well the pair scorer tells questions with the same answer from others, beside the similarity of their vectors.</summary>
internal static class PairsVerb
{
    private const int FitSeed = 1;
    private const int TimedPairs = 2000;

    public static Command Create()
    {
        var data = new Option<DirectoryInfo>("--data")
        {
            Description = "Folder that holds pairs/*.csv: columns a, b and same.",
            Required = true,
        };
        var crossValidate = new Option<int>("--cross-validate")
        {
            Description = "Fit anew on all but one of so many folds of each file, and score that one; 0 for the weights that are shipped.",
        };
        var weights = new Option<FileInfo?>("--weights") { Description = "Weights made by fit-pairs, in place of those that are shipped." };
        var json = new Option<FileInfo?>("--json") { Description = "Write the figures to this file." };
        var command = new Command("pairs", "Measures how well the pair scorer tells questions with the same answer from others.")
        {
            data,
            crossValidate,
            weights,
            json,
        };
        command.SetAction(
            (result, cancellation) =>
                RunAsync(
                    result.GetRequiredValue(data),
                    result.GetValue(crossValidate),
                    result.GetValue(weights),
                    result.GetValue(json),
                    cancellation
                )
        );
        return command;
    }

    private static async Task<int> RunAsync(
        DirectoryInfo data,
        int folds,
        FileInfo? weights,
        FileInfo? json,
        CancellationToken cancellation
    )
    {
        var folder = Path.Combine(data.FullName, "pairs");
        var files = Directory.Exists(folder) ? Directory.GetFiles(folder, "*.csv") : [];
        if (files.Length == 0)
        {
            await Console.Error.WriteLineAsync($"There is no {folder}/*.csv. Give the folder that holds pairs with --data.");
            return 2;
        }

        if (folds is < 0 or 1)
        {
            await Console.Error.WriteLineAsync("--cross-validate takes 2 or more folds, or 0 for the weights that are shipped.");
            return 2;
        }

        if (weights is { Exists: false })
        {
            await Console.Error.WriteLineAsync($"There is no file '{weights.FullName}'.");
            return 2;
        }

        try
        {
            var scorer = weights is null
                ? new MiniLmPairScorer()
                : new MiniLmPairScorer(new PairWeights(await File.ReadAllBytesAsync(weights.FullName, cancellation)));
            using var generator = new MiniLmEmbeddingGenerator();
            var figures = new Dictionary<string, PairFigures>(StringComparer.Ordinal);
            foreach (var file in files.Order(StringComparer.Ordinal))
            {
                var name = Path.GetFileNameWithoutExtension(file);
                await Console.Error.WriteLineAsync(name);
                var pairs = await EmbeddedPairs.CreateAsync(PairFile.Read(file), generator, cancellation);
                figures[name] = Measure(pairs, scorer, folds, cancellation);
            }

            Print(figures, folds);
            if (json is not null)
            {
                await using var stream = json.Create();
                await JsonSerializer.SerializeAsync(stream, new { files = figures }, JsonSerializerOptions.Web, cancellation);
            }

            return 0;
        }
        catch (Exception problem) when (problem is InvalidDataException or ArgumentException)
        {
            await Console.Error.WriteLineAsync(problem.Message);
            return 2;
        }
    }

    private static PairFigures Measure(EmbeddedPairs pairs, MiniLmPairScorer scorer, int folds, CancellationToken cancellation)
    {
        var scores = folds == 0 ? ScoreAll(pairs, scorer) : CrossValidate(pairs, folds, cancellation);
        return new PairFigures(
            pairs.Pairs.Count,
            RankingMetrics.Of(scores, pairs.Labels),
            RankingMetrics.Of(pairs.Cosines, pairs.Labels),
            Microseconds(pairs, scorer)
        );
    }

    private static float[] ScoreAll(EmbeddedPairs pairs, IQuestionPairScorer scorer) =>
        [.. Enumerable.Range(0, pairs.Pairs.Count).Select(i => pairs.Score(scorer, i))];

    /// <summary>No pair is scored by weights that were fitted to it or to either of its questions.</summary>
    private static float[] CrossValidate(EmbeddedPairs pairs, int folds, CancellationToken cancellation)
    {
        var foldOf = PairFolds.Deal(pairs.Pairs, folds, seed: 0);
        var scores = new float[foldOf.Length];
        var fitter = new PairFitter(pairs);
        for (var fold = 0; fold < folds; fold++)
        {
            cancellation.ThrowIfCancellationRequested();
            var chosen = Enumerable.Range(0, foldOf.Length).Where(i => foldOf[i] != fold).ToList();
            var place = $"  fold {fold + 1} of {folds}, ";
            var weights = fitter.Fit(chosen, FitSeed, message => Console.Error.WriteLine(place + message));
            var scorer = new MiniLmPairScorer(new PairWeights(weights));
            foreach (var i in Enumerable.Range(0, foldOf.Length).Where(i => foldOf[i] == fold))
            {
                scores[i] = pairs.Score(scorer, i);
            }
        }

        return scores;
    }

    /// <summary>The median of nine passes over the first pairs.</summary>
    private static double Microseconds(EmbeddedPairs pairs, MiniLmPairScorer scorer)
    {
        var count = Math.Min(TimedPairs, pairs.Pairs.Count);
        var passes = new double[9];
        for (var pass = 0; pass < passes.Length; pass++)
        {
            var watch = Stopwatch.GetTimestamp();
            for (var i = 0; i < count; i++)
            {
                pairs.Score(scorer, i);
            }

            passes[pass] = Stopwatch.GetElapsedTime(watch).TotalMicroseconds / count;
        }

        Array.Sort(passes);
        return passes[passes.Length / 2];
    }

    private static void Print(Dictionary<string, PairFigures> files, int folds)
    {
        var title = folds == 0 ? "Pairs" : $"Pairs, cross-validated in {folds} folds";
        var table = new Table { Title = new TableTitle(title) };
        table.AddColumn("File").AddColumn("By");
        foreach (var column in (ReadOnlySpan<string>)["Pairs", "Average precision", "AUC", "Recall at 0.95", "Recall at 0.99", "µs a pair"])
        {
            table.AddColumn(new TableColumn(column).RightAligned());
        }

        foreach (var (name, figures) in files)
        {
            AddRow("scorer", figures.Scorer, Text(figures.MicrosecondsAPair, "F1"));
            AddRow("cosine", figures.Cosine, "");

            void AddRow(string by, RankingMetrics metrics, string microseconds) =>
                table.AddRow(
                    Markup.Escape(name),
                    by,
                    Text(figures.Pairs, "N0"),
                    Text(metrics.AveragePrecision, "F4"),
                    Text(metrics.Auc, "F4"),
                    Text(metrics.RecallAtPrecision95, "F3"),
                    Text(metrics.RecallAtPrecision99, "F3"),
                    microseconds
                );
        }

        AnsiConsole.Write(table);

        static string Text(double value, string format) => value.ToString(format, CultureInfo.InvariantCulture);
    }
}
