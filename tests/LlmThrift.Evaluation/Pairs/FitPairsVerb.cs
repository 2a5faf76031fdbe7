using System.CommandLine;
using LlmThrift.Embeddings;

namespace LlmThrift.Evaluation.Pairs;

/// <summary><c>fit-pairs</c>: writes what <c>build/tools/PairTrainer</c> fits the weights of the pair scorer to.</summary>
internal static class FitPairsVerb
{
    public static Command Create()
    {
        var pairs = new Option<FileInfo>("--pairs") { Description = "A file of pairs: columns a, b and same.", Required = true };
        var export = new Option<DirectoryInfo>("--export")
        {
            Description = "The folder to write tokens, features and labels to, for build/tools/PairTrainer.",
            Required = true,
        };
        var folds = new Option<int>("--folds")
        {
            Description = "Deal the pairs out to so many folds, for cross-validation.",
            DefaultValueFactory = _ => 5,
        };
        var foldBy = FoldByOption();
        var command = new Command("fit-pairs", "Prepares the fit of the pair scorer's weights.") { pairs, export, folds, foldBy };
        command.SetAction(
            (result, cancellation) =>
                RunAsync(
                    result.GetRequiredValue(pairs),
                    result.GetRequiredValue(export),
                    result.GetRequiredValue(folds),
                    result.GetValue(foldBy),
                    cancellation
                )
        );
        return command;
    }

    /// <summary>The option that <c>fit-pairs</c> and <c>pairs</c> must be given alike.</summary>
    internal static Option<FoldBy> FoldByOption() =>
        new("--fold-by")
        {
            Description =
                "What is in one fold only: a question, so that those of the pairs that are scored are all new; or a pair, as when a file is halved.",
            DefaultValueFactory = _ => FoldBy.Question,
        };

    private static async Task<int> RunAsync(FileInfo file, DirectoryInfo export, int folds, FoldBy by, CancellationToken cancellation)
    {
        if (!file.Exists)
        {
            await Console.Error.WriteLineAsync($"There is no file '{file.FullName}'.");
            return 2;
        }

        if (folds < 2)
        {
            await Console.Error.WriteLineAsync("--folds takes 2 or more.");
            return 2;
        }

        try
        {
            using var generator = new MiniLmEmbeddingGenerator();
            var pairs = await EmbeddedPairs.CreateAsync(PairFile.Read(file), generator, cancellation);
            await PairExport.WriteAsync(pairs, folds, by, export, cancellation);
            return 0;
        }
        catch (InvalidDataException problem)
        {
            await Console.Error.WriteLineAsync(problem.Message);
            return 2;
        }
    }
}
