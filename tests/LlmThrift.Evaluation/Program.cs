using System.CommandLine;
using LlmThrift.Evaluation;

var root = new RootCommand("Measures LlmThrift on files: one verb a capability, a readable table by default, --json FILE for machines.");
root.Subcommands.Add(TokensVerb.Create());
return await root.Parse(args).InvokeAsync();
