using System.CommandLine;
using System.Globalization;
using LlmThrift.Embeddings;
using LlmThrift.SemanticCache;

namespace LlmThrift.Evaluation.Pairs;

/// <summary><c>fit-lexical</c>: makes the weights of <see cref="LexicalPairScorer"/>, and says how well the regression does on pairs left out of it.</summary>
internal static class FitLexicalVerb
{
    private const int Folds = 5;

    public static Command Create()
    {
        var pairs = new Option<FileInfo>("--pairs") { Description = "A file of pairs: columns a, b and same.", Required = true };
        var command = new Command("fit-lexical", "Fits the weights of the core's default pair scorer, and prints them.") { pairs };
        command.SetAction((result, cancellation) => RunAsync(result.GetRequiredValue(pairs), cancellation));
        return command;
    }

    private static async Task<int> RunAsync(FileInfo file, CancellationToken cancellation)
    {
        if (!file.Exists)
        {
            await Console.Error.WriteLineAsync($"There is no file '{file.FullName}'.");
            return 2;
        }

        using var generator = new MiniLmEmbeddingGenerator();
        var pairs = await EmbeddedPairs.CreateAsync(PairFile.Read(file), generator, cancellation);
        var features = pairs.Pairs.Select((pair, i) => Features(pair, pairs.Cosines[i])).ToArray();
        var folds = PairFolds.Deal(pairs.Pairs, Folds, PairFolds.Seed);
        var scores = new float[features.Length];
        for (var fold = 0; fold < Folds; fold++)
        {
            var chosen = Enumerable.Range(0, features.Length).Where(i => folds[i] != fold).ToArray();
            var weights = LogisticRegression.Fit([.. chosen.Select(i => features[i])], [.. chosen.Select(i => pairs.Labels[i])]);
            for (var i = 0; i < scores.Length; i++)
            {
                scores[i] = folds[i] == fold ? (float)LogisticRegression.LogOdds(weights, features[i]) : scores[i];
            }
        }

        var metrics = RankingMetrics.Of(scores, pairs.Labels);
        Console.WriteLine(
            FormattableString.Invariant($"cross-validated: average precision {metrics.AveragePrecision:F4}, AUC {metrics.Auc:F4}")
        );
        var all = LogisticRegression.Fit(features, pairs.Labels);
        Console.WriteLine("Intercept: " + Text(all[0]));
        Console.WriteLine($"Weights: [{string.Join(", ", all[1..].Select(Text))}]");
        return 0;
    }

    private static string Text(double value) => value.ToString("F4", CultureInfo.InvariantCulture) + "f";

    private static float[] Features(LabelledPair pair, float cosine)
    {
        var features = new float[LexicalFeatures.Count];
        LexicalFeatures.Compute(QuestionText.Parse(pair.First), QuestionText.Parse(pair.Second), Math.Clamp(cosine, 0, 1), features);
        return features;
    }
}
