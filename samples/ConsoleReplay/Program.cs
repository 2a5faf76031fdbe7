using ConsoleReplay.Cli;
using ConsoleReplay.Reporting;
using ConsoleReplay.Running;

var command = ReplayCommand.Create(
    (settings, cancellationToken) =>
        new ReplayRun(settings, ReplayConsole.Create(), Console.Error, Environment.GetEnvironmentVariable, TimeProvider.System).RunAsync(
            cancellationToken
        )
);
var parsed = command.Parse(args);
var exitCode = await parsed.InvokeAsync();
return parsed.Errors.Count > 0 ? 2 : exitCode;
