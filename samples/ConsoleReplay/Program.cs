using System.CommandLine.Invocation;
using ConsoleReplay.Cli;
using ConsoleReplay.LongConversation;
using ConsoleReplay.Reporting;
using ConsoleReplay.Running;

var command = ReplayCommand.Create(
    (settings, cancellationToken) =>
        new ReplayRun(settings, ReplayConsole.Create(), Console.Error, Environment.GetEnvironmentVariable, TimeProvider.System).RunAsync(
            cancellationToken
        )
);
command.Subcommands.Add(ConversationCommand.Create(ReplayConsole.Create()));
var parsed = command.Parse(args);
if (parsed.Action is ParseErrorAction wrongOptions)
{
    // The help is long; the error would be lost above it.
    wrongOptions.ShowHelp = false;
    await parsed.InvokeAsync();
    await Console.Error.WriteLineAsync("Try --help.");
    return 2;
}

return await parsed.InvokeAsync();
