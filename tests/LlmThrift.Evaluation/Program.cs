using System.CommandLine;

var root = new RootCommand("Measures LlmThrift on files: one verb a capability, a readable table by default, --json FILE for machines.");
return await root.Parse(args).InvokeAsync();
