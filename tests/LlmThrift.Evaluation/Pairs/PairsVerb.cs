using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using LlmThrift.Embeddings;
using LlmThrift.Embeddings.Model;
using LlmThrift.Embeddings.Pairs;
using Spectre.Console;

namespace LlmThrift.Evaluation.Pairs;

/// <summary><c>pairs</c>: how well the pair scorer tells questions with the same answer from others, beside the similarity of their vectors.</summary>
internal static class PairsVerb
{
    private const int TimedPairs = 200;

    /// <summary>The code is compiled anew, in the background, for what it is seen to do; before that it is several times slower. So it is left to run first.</summary>
    private static readonly TimeSpan WarmUp = TimeSpan.FromSeconds(2);

    public static Command Create()
    {
        var data = new Option<DirectoryInfo>("--data")
        {
            Description = "Folder that holds pairs/*.csv: columns a, b and same.",
            Required = true,
        };
        var crossValidate = new Option<int>("--cross-validate")
        {
            Description =
                "Score each of so many folds by the weights in the folder --weights that were fitted without it; 0 for the same weights for all pairs.",
        };
        var weights = new Option<DirectoryInfo?>("--weights")
        {
            Description = "Weights in place of those that are shipped: the folder that build/tools/PairTrainer filled.",
        };
        var foldBy = FitPairsVerb.FoldByOption();
        var json = new Option<FileInfo?>("--json") { Description = "Write the figures to this file." };
        var command = new Command("pairs", "Measures how well the pair scorer tells questions with the same answer from others.")
        {
            data,
            crossValidate,
            weights,
            foldBy,
            json,
        };
        command.SetAction(
            (result, cancellation) =>
                RunAsync(
                    result.GetRequiredValue(data),
                    result.GetValue(crossValidate),
                    result.GetValue(weights),
                    result.GetValue(foldBy),
                    result.GetValue(json),
                    cancellation
                )
        );
        return command;
    }

    private static async Task<int> RunAsync(
        DirectoryInfo data,
        int folds,
        DirectoryInfo? weights,
        FoldBy by,
        FileInfo? json,
        CancellationToken cancellation
    )
    {
        string[] files = [.. DataFiles.In(data, "pairs", "*.csv", "a,b,same").Select(file => file.FullName)];
        if (files.Length == 0)
        {
            return 2;
        }

        if (folds is < 0 or 1 || (folds > 0 && weights is null))
        {
            await Console.Error.WriteLineAsync("--cross-validate takes 2 or more folds, with the folder of their --weights; or 0.");
            return 2;
        }

        try
        {
            var scorers = Load(weights, folds);
            using var generator = new MiniLmEmbeddingGenerator();
            var figures = new Dictionary<string, PairFigures>(StringComparer.Ordinal);
            foreach (var file in files.Order(StringComparer.Ordinal).Select(path => new FileInfo(path)))
            {
                var name = Path.GetFileNameWithoutExtension(file.Name);
                await Console.Error.WriteLineAsync(name);
                var pairs = await EmbeddedPairs.CreateAsync(PairFile.Read(file), generator, cancellation);
                figures[name] = Measure(pairs, scorers, by);
            }

            Print(figures, folds, by);
            if (json is not null)
            {
                await using var stream = json.Create();
                await JsonSerializer.SerializeAsync(stream, new { files = figures }, JsonSerializerOptions.Web, cancellation);
            }

            return 0;
        }
        catch (Exception problem) when (problem is InvalidDataException or ArgumentException or FileNotFoundException)
        {
            await Console.Error.WriteLineAsync(problem.Message);
            return 2;
        }
    }

    /// <summary>The scorer of each fold, or the one of all.</summary>
    private static MiniLmPairScorer[] Load(DirectoryInfo? weights, int folds)
    {
        if (weights is null)
        {
            return [new MiniLmPairScorer()];
        }

        return folds == 0
            ? [Load(weights, "pair-scorer", "cross-encoder")]
            : [.. Enumerable.Range(0, folds).Select(fold => Load(weights, $"fold-{fold}", $"cross-encoder-{fold}"))];
    }

    private static MiniLmPairScorer Load(DirectoryInfo folder, string network, string crossEncoder) =>
        new(new PairWeights(Read(folder, network)), new CrossEncoder(MiniLmModel.Shared, Read(folder, crossEncoder)));

    private static byte[] Read(DirectoryInfo folder, string name) => File.ReadAllBytes(Path.Combine(folder.FullName, $"{name}.bin"));

    /// <summary>With a scorer for each fold, no pair is scored by weights that were fitted to it.</summary>
    private static PairFigures Measure(EmbeddedPairs pairs, MiniLmPairScorer[] scorers, FoldBy by)
    {
        var folds = PairFolds.Deal(pairs.Pairs, scorers.Length, PairFolds.Seed, by);
        var scores = new float[folds.Length];
        var quickScores = new float[folds.Length];
        var done = 0;
        Parallel.For(
            0,
            folds.Length,
            i =>
            {
                var scorer = scorers[folds[i]];
                quickScores[i] = pairs.Score(scorer, i);
                scores[i] = pairs.Verify(scorer, i);
                if (Interlocked.Increment(ref done) % 1000 == 0)
                {
                    Progress.Show(string.Create(CultureInfo.InvariantCulture, $"{done:N0} of {folds.Length:N0} pairs scored"));
                }
            }
        );
        Progress.Clear();
        return new PairFigures(
            pairs.Pairs.Count,
            RankingMetrics.Of(scores, pairs.Labels),
            RankingMetrics.Of(quickScores, pairs.Labels),
            RankingMetrics.Of(pairs.Cosines, pairs.Labels),
            Calibration(scores, pairs.Labels),
            Microseconds(Math.Min(TimedPairs, folds.Length), i => pairs.Verify(scorers[0], i)),
            Microseconds(Math.Min(10 * TimedPairs, folds.Length), i => pairs.Score(scorers[0], i))
        );
    }

    /// <summary>How far the mean probability and the share of positives lie apart, over tenths of the pairs by probability.</summary>
    private static double Calibration(float[] scores, bool[] labels)
    {
        var order = scores.Select((_, i) => i).OrderBy(i => scores[i]).ToArray();
        return order
            .Chunk((order.Length + 9) / 10)
            .Sum(part => Math.Abs(part.Sum(i => (double)scores[i]) - part.Count(i => labels[i])) / order.Length);
    }

    /// <summary>The median of nine passes over the first pairs.</summary>
    private static double Microseconds(int count, Action<int> score)
    {
        for (var watch = Stopwatch.StartNew(); watch.Elapsed < WarmUp; )
        {
            for (var i = 0; i < count; i++)
            {
                score(i);
            }
        }

        var passes = new double[9];
        for (var pass = 0; pass < passes.Length; pass++)
        {
            var watch = Stopwatch.GetTimestamp();
            for (var i = 0; i < count; i++)
            {
                score(i);
            }

            passes[pass] = Stopwatch.GetElapsedTime(watch).TotalMicroseconds / count;
        }

        Array.Sort(passes);
        return passes[passes.Length / 2];
    }

    private static void Print(Dictionary<string, PairFigures> files, int folds, FoldBy by)
    {
        var title = folds == 0 ? "Pairs" : $"Pairs, cross-validated in {folds} folds by {by.ToString().ToLowerInvariant()}";
        var table = new Table { Title = new TableTitle(title) };
        table.AddColumn("File").AddColumn("By");
        foreach (
            var column in (ReadOnlySpan<string>)
                ["Pairs", "Average precision", "AUC", "Recall at 0.95", "Recall at 0.99", "Calibration error", "µs a pair"]
        )
        {
            table.AddColumn(new TableColumn(column).RightAligned());
        }

        foreach (var (name, figures) in files)
        {
            AddRow("scorer", figures.Scorer, Text(figures.CalibrationError, "F3"), Text(figures.MicrosecondsAPair, "F1"));
            AddRow("its quick part", figures.QuickScorer, "", Text(figures.MicrosecondsAQuickPair, "F1"));
            AddRow("cosine", figures.Cosine, "", "");

            void AddRow(string by, RankingMetrics metrics, string calibration, string microseconds) =>
                table.AddRow(
                    Markup.Escape(name),
                    by,
                    Text(figures.Pairs, "N0"),
                    Text(metrics.AveragePrecision, "F4"),
                    Text(metrics.Auc, "F4"),
                    Text(metrics.RecallAtPrecision95, "F3"),
                    Text(metrics.RecallAtPrecision99, "F3"),
                    calibration,
                    microseconds
                );
        }

        AnsiConsole.Write(table);

        static string Text(double value, string format) => value.ToString(format, CultureInfo.InvariantCulture);
    }
}
