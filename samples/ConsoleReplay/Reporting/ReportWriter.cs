using Spectre.Console;

namespace ConsoleReplay.Reporting;

/// <summary>Shows a report as text, within 80 columns.</summary>
internal static class ReportWriter
{
    /// <summary>The most problems of a log that are shown one by one.</summary>
    public const int MostProblems = 10;

    public static void Write(IAnsiConsole console, ReplayReport report)
    {
        var figures = report.Figures;
        console.WriteLine();
        WriteComparison(console, report);
        WriteStages(console, figures);
        if (figures.Features.Count > 1)
            WriteFeatures(console, figures);
        WriteMonth(console, report);
        WriteRemarks(console, report);
    }

    private static void WriteComparison(IAnsiConsole console, ReplayReport report)
    {
        var figures = report.Figures;
        var table = NewTable($"{report.Title}, priced as {string.Join(", ", report.Models)}");
        table.AddColumn("").AddColumn(Right("without")).AddColumn(Right("with LlmThrift")).AddColumn(Right("saved")).AddColumn(Right(""));
        AddCounts(table, "calls to the provider", figures.Calls, figures.ProviderCalls);
        AddCounts(table, "input tokens billed", figures.BaselineInputTokens, figures.InputTokens);
        AddCounts(table, "output tokens billed", figures.BaselineOutputTokens, figures.OutputTokens);
        if (figures.LatencyWith is { } with)
        {
            var without = figures.LatencyWithout;
            table.AddRow(
                "wait for an answer, median",
                without is { } w50 ? Format.Duration(w50.Median) : "",
                Format.Duration(with.Median),
                "",
                ""
            );
            table.AddRow("wait for an answer, 95 %", without is { } w95 ? Format.Duration(w95.P95) : "", Format.Duration(with.P95), "", "");
        }

        table.AddRow(
            Bold("cost"),
            Bold(Format.Money(figures.BaselineCost)),
            Bold(Format.Money(figures.ActualCost)),
            Bold(Format.Money(figures.Saving)),
            Bold(Format.Share(figures.Saving, figures.BaselineCost))
        );
        console.Write(table);
    }

    private static void WriteStages(IAnsiConsole console, ReplayFigures figures)
    {
        var table = NewTable("where the saving comes from");
        table
            .AddColumn("stage")
            .AddColumn(Right("calls answered"))
            .AddColumn(Right("of all"))
            .AddColumn(Right("saved"))
            .AddColumn(Right("of the bill"));
        foreach (var stage in figures.Stages)
        {
            table.AddRow(
                Markup.Escape(stage.Name.Replace('_', ' ')),
                Format.Count(stage.Calls),
                Format.Share(stage.Calls, figures.Calls),
                Format.Money(stage.Saving),
                Format.Share(stage.Saving, figures.BaselineCost)
            );
        }

        table.AddRow("all", "", "", Format.Money(figures.Saving), Format.Share(figures.Saving, figures.BaselineCost));
        console.Write(table);
    }

    private static void WriteFeatures(IAnsiConsole console, ReplayFigures figures)
    {
        const int Most = 8;
        var table = NewTable("by feature of the app");
        table
            .AddColumn("feature")
            .AddColumn(Right("calls"))
            .AddColumn(Right("without"))
            .AddColumn(Right("with LlmThrift"))
            .AddColumn(Right("saved"));
        foreach (var group in figures.Features.Take(Most))
        {
            table.AddRow(
                Markup.Escape(group.Name),
                Format.Count(group.Calls),
                Format.Money(group.BaselineCost),
                Format.Money(group.ActualCost),
                Format.Share(group.BaselineCost - group.ActualCost, group.BaselineCost)
            );
        }

        console.Write(table);
    }

    private static void WriteMonth(IAnsiConsole console, ReplayReport report)
    {
        if (report.MonthWithout is not { } without || report.MonthWith is not { } with)
            return;

        Line(
            console,
            $"Extrapolated to {Format.Count(report.CallsPerMonth)} calls a month of the same kind and repetition: {Format.Money(without)} without, "
                + $"{Format.Money(with)} with LlmThrift, {Format.Money(without - with)} saved. An extrapolation, not a measurement."
        );
        console.WriteLine();
    }

    private static void WriteRemarks(IAnsiConsole console, ReplayReport report)
    {
        var (figures, outcome) = (report.Figures, report.Outcome);
        foreach (var note in report.Notes)
            Line(console, $"- {note}");
        Line(console, $"- Prices: list prices of {report.PricesAsOf:yyyy-MM-dd}, embedded in LlmThrift.");
        if (figures.UnpricedCalls > 0)
            Line(
                console,
                $"- {Format.Count(figures.UnpricedCalls)} calls have a model without a known price and are in no sum of money; price them as another model with --model."
            );
        if (figures.EstimatedCalls > 0)
            Line(
                console,
                $"- {Format.Count(figures.EstimatedCalls)} calls have token counts that are estimated, because the provider reported none."
            );
        foreach (var (reason, count) in figures.PassedBy.OrderByDescending(pair => pair.Value).Take(5))
            Line(console, $"- {Format.Count(count)} calls passed by a stage ({reason}).");
        foreach (var (reason, count) in outcome.Failures.OrderByDescending(pair => pair.Value))
            Line(console, $"- {Format.Count(count)} calls failed: {reason}.");
        if (outcome.StopReason is not null)
            Line(console, "- Stopped after several failures in a row; the figures are those of the calls until then.");
        if (outcome.IsCancelled)
            Line(console, "- Stopped by you; the figures are those of the calls until then.");
        Line(console, $"- Took {Format.Duration(outcome.Elapsed)}.");
    }

    /// <summary>Shows what is wrong with a log, the first problems one by one.</summary>
    public static void WriteProblems(TextWriter writer, IReadOnlyList<Logs.LogProblem> problems, int calls)
    {
        foreach (var problem in problems.Take(MostProblems))
            writer.WriteLine(problem);
        if (problems.Count > MostProblems)
            writer.WriteLine($"and {Format.Count(problems.Count - MostProblems)} more; --json lists all of them.");
        if (problems.Count > 0)
            writer.WriteLine($"{Format.Count(problems.Count)} lines are left out, {Format.Count(calls)} are replayed.");
    }

    private static void AddCounts(Table table, string name, long without, long with) =>
        table.AddRow(name, Format.Count(without), Format.Count(with), Format.Count(without - with), Format.Share(without - with, without));

    private static Table NewTable(string title) => new() { Title = new TableTitle(Markup.Escape(title)), Border = TableBorder.Rounded };

    private static TableColumn Right(string header) => new TableColumn(header).RightAligned();

    private static string Bold(string text) => $"[bold]{Markup.Escape(text)}[/]";

    /// <summary>Writes a line that is broken at white space; never read as markup.</summary>
    private static void Line(IAnsiConsole console, string text) => console.Write(new Paragraph(text + Environment.NewLine));
}
