using System.CommandLine;
using LlmThrift.TestKit.Gguf;

namespace LlmThrift.Evaluation.Local;

/// <summary><c>random-model</c>: writes a random model of the Llama architecture, to try the local backend where there is no other.</summary>
internal static class RandomModelVerb
{
    public static Command Create()
    {
        var output = new Option<FileInfo>("--out") { Description = "The GGUF file to write.", Required = true };
        var size = new Option<string>("--size")
        {
            Description = "small (1.4 million parameters), medium (27 million) or large (187 million).",
            DefaultValueFactory = _ => "small",
        };
        size.AcceptOnlyFromAmong("small", "medium", "large");
        var experts = new Option<int>("--experts") { Description = "A mixture of so many experts, of which each token goes to two." };
        var command = new Command(
            "random-model",
            "Writes a random model. It says nothing that makes sense, but as fast as any other of its size."
        )
        {
            output,
            size,
            experts,
        };
        command.SetAction(result =>
        {
            var options = result.GetRequiredValue(size) switch
            {
                "medium" => RandomLlamaOptions.Medium,
                "large" => RandomLlamaOptions.Large,
                _ => new RandomLlamaOptions
                {
                    Embedding = 256,
                    FeedForward = 512,
                    Layers = 2,
                },
            };
            RandomLlamaModel.Write(result.GetRequiredValue(output).FullName, options with { Experts = result.GetValue(experts) });
        });
        return command;
    }
}
