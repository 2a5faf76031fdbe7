using System.CommandLine;
using LlmThrift.Embeddings;

namespace LlmThrift.Evaluation.Routing;

/// <summary><c>fit-routing</c>: fits the prior that comes with the package.</summary>
internal static class FitRoutingVerb
{
    public static Command Create()
    {
        var data = new Option<DirectoryInfo>("--data") { Description = "Folder that holds routing/*.jsonl.", Required = true };
        var weak = new Option<string>("--weak") { Description = "The weaker model.", Required = true };
        var strong = new Option<string>("--strong") { Description = "The stronger model.", Required = true };
        var lambda = new Option<double>("--lambda")
        {
            Description = "How strongly weights are held back.",
            DefaultValueFactory = _ => RoutingVerb.PriorLambda,
        };
        var output = new Option<FileInfo>("--output") { Description = "Where to write the weights.", Required = true };
        var command = new Command("fit-routing", "Fits how much a stronger model gains to judged answers.")
        {
            data,
            weak,
            strong,
            lambda,
            output,
        };
        command.SetAction(
            async (result, cancellation) =>
            {
                var files = DataFiles.In(result.GetRequiredValue(data), "routing", "*.jsonl", "id, task, prompt, quality by model");
                using var generator = new MiniLmEmbeddingGenerator();
                var prior = await RoutingExamples.PriorOfAsync(
                    files,
                    generator,
                    result.GetRequiredValue(weak),
                    result.GetRequiredValue(strong),
                    result.GetValue(lambda),
                    cancellation
                );
                if (prior is null)
                {
                    await Console.Error.WriteLineAsync("No file has qualities of both models.");
                    return 2;
                }

                await File.WriteAllBytesAsync(result.GetRequiredValue(output).FullName, prior.ToBytes(), cancellation);
                return 0;
            }
        );
        return command;
    }
}
