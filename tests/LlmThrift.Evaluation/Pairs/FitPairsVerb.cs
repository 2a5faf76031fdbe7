using System.CommandLine;
using LlmThrift.Embeddings;

namespace LlmThrift.Evaluation.Pairs;

/// <summary><c>fit-pairs</c>: makes the weights of the pair scorer that <c>LlmThrift.Embeddings</c> carries.</summary>
internal static class FitPairsVerb
{
    public static Command Create()
    {
        var pairs = new Option<FileInfo>("--pairs") { Description = "A file of pairs: columns a, b and same.", Required = true };
        var output = new Option<FileInfo>("--out") { Description = "Where to write the weights.", Required = true };
        var seed = new Option<int>("--seed") { Description = "Of everything random.", DefaultValueFactory = _ => 1 };
        var command = new Command("fit-pairs", "Fits the weights of the pair scorer.") { pairs, output, seed };
        command.SetAction(
            (result, cancellation) =>
                RunAsync(result.GetRequiredValue(pairs), result.GetRequiredValue(output), result.GetRequiredValue(seed), cancellation)
        );
        return command;
    }

    private static async Task<int> RunAsync(FileInfo file, FileInfo output, int seed, CancellationToken cancellation)
    {
        if (!file.Exists)
        {
            await Console.Error.WriteLineAsync($"There is no file '{file.FullName}'.");
            return 2;
        }

        try
        {
            using var generator = new MiniLmEmbeddingGenerator();
            var pairs = await EmbeddedPairs.CreateAsync(PairFile.Read(file.FullName), generator, cancellation);
            var weights = new PairFitter(pairs).Fit([.. Enumerable.Range(0, pairs.Pairs.Count)], seed, Console.Error.WriteLine);
            await File.WriteAllBytesAsync(output.FullName, weights, cancellation);
            return 0;
        }
        catch (InvalidDataException problem)
        {
            await Console.Error.WriteLineAsync(problem.Message);
            return 2;
        }
    }
}
