using System.CommandLine;
using LlmThrift.Evaluation;
using LlmThrift.Evaluation.Prices;

var root = new RootCommand("Measures LlmThrift on files: one verb a capability, a readable table by default, --json FILE for machines.");
root.Subcommands.Add(TokensVerb.Create());
root.Subcommands.Add(PricesVerb.Create());
return await root.Parse(args).InvokeAsync();
