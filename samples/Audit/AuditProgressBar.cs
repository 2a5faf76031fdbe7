using System.Globalization;
using LlmThrift.Auditing;
using Spectre.Console;

namespace Audit;

/// <summary>Shows how far an audit is and what it has cost: a bar in a terminal, a line each tenth elsewhere.</summary>
internal static class AuditProgressBar
{
    public static async Task<AuditResult> RunAsync(Func<IProgress<AuditProgress>, Task<AuditResult>> run)
    {
        if (AnsiConsole.Profile.Capabilities is not { Interactive: true, Ansi: true } || Console.IsOutputRedirected)
        {
            return await run(new Lines());
        }

        return await AnsiConsole
            .Progress()
            .Columns(new TaskDescriptionColumn(), new ProgressBarColumn(), new PercentageColumn(), new RemainingTimeColumn())
            .StartAsync(async context =>
            {
                var task = context.AddTask("audit");
                return await run(
                    new Telling(progress =>
                    {
                        (task.MaxValue, task.Value) = (progress.Total, progress.Done);
                        task.Description = Describe(progress);
                    })
                );
            });
    }

    private static string Describe(AuditProgress progress) =>
        string.Create(CultureInfo.InvariantCulture, $"{progress.Done:N0} of {progress.Total:N0} requests, {progress.Spent:0.00} USD")
        + (progress.MaxCost is { } most ? string.Create(CultureInfo.InvariantCulture, $" of {most:0.00}") : "");

    private sealed class Telling(Action<AuditProgress> report) : IProgress<AuditProgress>
    {
        public void Report(AuditProgress value) => report(value);
    }

    private sealed class Lines : IProgress<AuditProgress>
    {
        private readonly Lock _gate = new();

        public void Report(AuditProgress value)
        {
            lock (_gate)
            {
                if (value.Done * 10L / value.Total > (value.Done - 1) * 10L / value.Total)
                {
                    Console.Error.WriteLine($"  {Describe(value)}");
                }
            }
        }
    }
}
