using Spectre.Console;

namespace ConsoleReplay.Reporting;

/// <summary>Shows how far a replay is: a bar in a terminal, a line each tenth elsewhere.</summary>
internal static class ReplayProgress
{
    public static async Task<T> RunAsync<T>(IAnsiConsole console, TextWriter plain, int calls, Func<Action, Task<T>> run)
    {
        if (console.Profile.Capabilities is not { Interactive: true, Ansi: true })
        {
            var done = 0;
            return await run(() =>
            {
                var count = Interlocked.Increment(ref done);
                if (count * 10L / calls > (count - 1) * 10L / calls)
                    plain.WriteLine($"  {count * 10L / calls * 10, 3} %  {Format.Count(count)} of {Format.Count(calls)} calls");
            });
        }

        return await console
            .Progress()
            .Columns(
                new TaskDescriptionColumn(),
                new ProgressBarColumn(),
                new PercentageColumn(),
                new RemainingTimeColumn(),
                new SpinnerColumn()
            )
            .StartAsync(async context =>
            {
                var task = context.AddTask($"{Format.Count(calls)} calls", maxValue: calls);
                var result = await run(() => task.Increment(1));
                task.StopTask();
                return result;
            });
    }
}
