using System.CommandLine;
using Audit;
using Spectre.Console;

if (Console.IsOutputRedirected)
{
    AnsiConsole.Profile.Capabilities.Ansi = false;
    AnsiConsole.Profile.Width = 100;
}

var root = new RootCommand(
    "Finds out which requests a cheaper model answers as well, and routes by it. Without a verb: the whole loop on simulated models, offline."
);
var demoFolder = new Option<DirectoryInfo>("--folder")
{
    Description = "Where the audit is kept. What is there goes on.",
    DefaultValueFactory = _ => new DirectoryInfo("audit-demo"),
};
var demoPrompts = new Option<int>("--prompts") { Description = "How many requests are audited.", DefaultValueFactory = _ => 500 };
root.Options.Add(demoFolder);
root.Options.Add(demoPrompts);
root.SetAction(
    (result, cancellation) =>
        Failures.HandleAsync(() => Demo.RunAsync(result.GetValue(demoFolder)!.FullName, result.GetValue(demoPrompts), cancellation))
);
root.Subcommands.Add(LiveCommands.CreateRun());
root.Subcommands.Add(LiveCommands.CreateReview());
root.Subcommands.Add(LiveCommands.CreateRate());
root.Subcommands.Add(LiveCommands.CreateSignOff());
return await root.Parse(args).InvokeAsync();
