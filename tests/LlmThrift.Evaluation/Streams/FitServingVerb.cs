using System.CommandLine;
using System.Globalization;
using LlmThrift.Embeddings;
using LlmThrift.SemanticCache;

namespace LlmThrift.Evaluation.Streams;

/// <summary><c>fit-serving</c>: fits the weights that every semantic cache begins with.</summary>
internal static class FitServingVerb
{
    private const double MaxErrorRate = 0.01;
    private const int Rounds = 5;

    public static Command Create()
    {
        var data = new Option<DirectoryInfo>("--data") { Description = "Folder that holds intents/*.csv.", Required = true };
        var validate = new Option<bool>("--validate") { Description = "Fit on half of the intents only, and replay the other half." };
        var command = new Command(
            "fit-serving",
            "Fits the weights of the semantic cache's decision on streams of questions with known intents."
        )
        {
            data,
            validate,
        };
        command.SetAction((result, cancellation) => RunAsync(result.GetRequiredValue(data), result.GetValue(validate), cancellation));
        return command;
    }

    private static async Task<int> RunAsync(DirectoryInfo data, bool validates, CancellationToken cancellation)
    {
        var files = DataFiles.In(data, "intents", "*.csv", "text,intent");
        if (files.Length == 0)
        {
            return 2;
        }

        using var generator = new MiniLmEmbeddingGenerator();
        var all = files.Select(IntentFile.Read).ToArray();
        var vectors = await Vectors.EmbedAsync(generator, all.SelectMany(file => file.Texts), cancellation);
        var fit = new ServingFit(new RememberedScores(new MiniLmPairScorer()));
        ServingModel? model = null;
        double intercept = 0;
        double[] weights = [];
        var outcomes = new List<ServingFit.Outcome>();
        for (var round = 0; round < Rounds; round++)
        {
            // In the first, without a model, everything was kept. What comes after stays: the same questions in another order.
            if (round == 1)
            {
                outcomes.Clear();
            }

            foreach (var file in all)
            {
                foreach (var stream in Streams(file, validates, round))
                {
                    outcomes.AddRange(
                        fit.Replay(stream, vectors, model ?? ServingModel.Default, MaxErrorRate, serves: model is not null).Outcomes
                    );
                }
            }

            model = ServingFit.Fit(outcomes, ridge: 3, out intercept, out weights);
            Console.WriteLine(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"round {round}: {outcomes.Count} outcomes, {outcomes.Count(o => o.IsError)} errors"
                )
            );
        }

        Console.WriteLine(
            string.Create(CultureInfo.InvariantCulture, $"{intercept:F4}f, [{string.Join(", ", weights.Select(w => Text(w)))}]")
        );
        foreach (var file in all)
        {
            foreach (var (name, stream) in Checks(file, validates))
            {
                foreach (var seed in new[] { 11, 12 })
                {
                    var replayed = fit.Replay(stream.Shuffle(seed), vectors, model!, MaxErrorRate, serves: true);
                    Console.WriteLine(
                        string.Create(
                            CultureInfo.InvariantCulture,
                            $"{name}, seed {seed}: {replayed.Requests} requests, {(double)replayed.Hits / replayed.Requests:P1} hits, {(double)replayed.FalseHits / Math.Max(1, replayed.Hits):P2} of them false"
                        )
                    );
                }
            }
        }

        return 0;
    }

    private static string Text(double weight) => weight.ToString("F4", CultureInfo.InvariantCulture) + "f";

    /// <summary>Few intents and many, with none to half of the questions without an answer.</summary>
    private static IEnumerable<IntentFile> Streams(IntentFile file, bool validates, int round)
    {
        bool IsTaken(int answer) => !validates || answer % 2 == 0;
        yield return file.Select(IsTaken, _ => true).Shuffle(100 + round);
        yield return file.Select(IsTaken, answer => Mix(answer, 1) % 4 != 0).Shuffle(200 + round);
        yield return file.Select(answer => IsTaken(answer) && Mix(answer, 2) % 2 == 0, answer => Mix(answer, 3) % 2 == 0)
            .Shuffle(300 + round);
        yield return file.Select(answer => IsTaken(answer) && Mix(answer, 4) % 4 == 0, _ => true).Shuffle(400 + round);
    }

    private static IEnumerable<(string Name, IntentFile Stream)> Checks(IntentFile file, bool validates)
    {
        bool IsTaken(int answer) => !validates || answer % 2 == 1;
        yield return ($"{file.Name}, intents not fitted on", file.Select(IsTaken, _ => true));
        yield return (
            $"{file.Name}, the same with a quarter of the intents out of scope",
            file.Select(IsTaken, answer => Mix(answer, 7) % 4 != 0)
        );
        yield return ($"{file.Name}, all intents", file);
        yield return ($"{file.Name}, all, a third out of scope", file.Select(_ => true, answer => Mix(answer, 8) % 3 != 0));
    }

    private static uint Mix(int answer, int salt) => (uint)((answer * 7919) + (salt * 104729)) * 2654435769u >> 8;
}
