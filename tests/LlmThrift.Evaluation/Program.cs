using System.CommandLine;
using LlmThrift.Evaluation;
using LlmThrift.Evaluation.Conversations;
using LlmThrift.Evaluation.Embeddings;
using LlmThrift.Evaluation.Index;
using LlmThrift.Evaluation.Local;
using LlmThrift.Evaluation.Outputs;
using LlmThrift.Evaluation.Pairs;
using LlmThrift.Evaluation.Prices;
using LlmThrift.Evaluation.Routing;
using LlmThrift.Evaluation.Stores;
using LlmThrift.Evaluation.Streams;
using LlmThrift.Evaluation.Traces;
using Spectre.Console;

// A file or a pipe gets plain text, whatever the environment says of itself.
if (Console.IsOutputRedirected)
{
    AnsiConsole.Profile.Capabilities.Ansi = false;
}

var root = new RootCommand("Measures LlmThrift on files: one verb a capability, a readable table by default, --json FILE for machines.");
root.Subcommands.Add(TokensVerb.Create());
root.Subcommands.Add(PricesVerb.Create());
root.Subcommands.Add(IndexVerb.Create());
root.Subcommands.Add(StreamVerb.Create());
root.Subcommands.Add(OutputVerb.Create());
root.Subcommands.Add(FitServingVerb.Create());
root.Subcommands.Add(EmbeddingsVerb.Create());
root.Subcommands.Add(TrimmingVerb.Create());
root.Subcommands.Add(PrefixVerb.Create());
root.Subcommands.Add(PairsVerb.Create());
root.Subcommands.Add(RoutingVerb.Create());
root.Subcommands.Add(CascadeVerb.Create());
root.Subcommands.Add(FitRoutingVerb.Create());
root.Subcommands.Add(FitPairsVerb.Create());
root.Subcommands.Add(FitLexicalVerb.Create());
root.Subcommands.Add(LocalVerb.Create());
root.Subcommands.Add(RandomModelVerb.Create());
root.Subcommands.Add(ReplayVerb.Create());
root.Subcommands.Add(StoresVerb.Create());
return await root.Parse(args).InvokeAsync();
