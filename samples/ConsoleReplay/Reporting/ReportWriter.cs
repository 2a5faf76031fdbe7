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
        if (figures.Semantic is { } semantic)
            SemanticReportWriter.Write(console, semantic, figures.IsPriced);
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
            Bold(Money(figures.IsPriced, figures.BaselineCost)),
            Bold(Money(figures.IsPriced, figures.ActualCost)),
            Bold(Money(figures.IsPriced, figures.Saving)),
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
                Money(figures.IsPriced, stage.Saving),
                Format.Share(stage.Saving, figures.BaselineCost)
            );
        }

        table.AddRow("all", "", "", Money(figures.IsPriced, figures.Saving), Format.Share(figures.Saving, figures.BaselineCost));
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
                Money(group.IsPriced, group.BaselineCost),
                Money(group.IsPriced, group.ActualCost),
                Format.Share(group.BaselineCost - group.ActualCost, group.BaselineCost)
            );
        }

        console.Write(table);
    }

    private static void WriteMonth(IAnsiConsole console, ReplayReport report)
    {
        if (report.MonthWithout is not { } without || report.MonthWith is not { } with)
            return;

        console.Write(
            new Paragraph(
                $"Extrapolated to {Format.Count(report.CallsPerMonth)} calls a month of the same kind and repetition: {Format.Money(without)} without, "
                    + $"{Format.Money(with)} with LlmThrift, {Format.Money(without - with)} saved. An extrapolation, not a measurement.\n"
            )
        );
        console.WriteLine();
    }

    private static void WriteRemarks(IAnsiConsole console, ReplayReport report)
    {
        var (figures, outcome) = (report.Figures, report.Outcome);
        var remarks = new Grid().AddColumn(new GridColumn().NoWrap().Padding(0, 0, 1, 0)).AddColumn(new GridColumn().Padding(0, 0, 0, 0));
        foreach (var note in report.Notes)
            Add(note);
        Add(
            "Without: what the meter takes as the baseline, each call sent to the provider as the app made it, with the answer as delivered."
        );
        Add($"Prices: list prices of {report.PricesAsOf:yyyy-MM-dd}, embedded in LlmThrift.");
        if (figures.UnpricedCalls > 0)
        {
            Add(
                $"{Calls(figures.UnpricedCalls)} of a model without a known price, in no sum of money; price them as another "
                    + "model with --model."
            );
        }

        if (figures.EstimatedCalls > 0)
            Add($"{Calls(figures.EstimatedCalls)} with estimated token counts, because the provider reported none.");
        foreach (var (reason, count) in figures.PassedBy.OrderByDescending(pair => pair.Value).Take(5))
            Add($"{Calls(count)} passed by a stage ({reason}).");
        foreach (var (reason, count) in outcome.Failures.OrderByDescending(pair => pair.Value))
            Add($"{Calls(count)} failed: {reason}.");
        if (outcome.StopReason is not null)
            Add("Stopped after several failures in a row; the figures are those of the calls until then.");
        if (outcome.IsCancelled)
            Add("Stopped by you; the figures are those of the calls until then.");
        Add($"Took {Format.Duration(outcome.Elapsed)}.");
        console.Write(remarks);

        // Never read as markup: notes hold names of files and models.
        void Add(string text) => remarks.AddRow(new Text("-"), new Text(text));
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

    /// <summary>An unknown price is not a price of zero.</summary>
    public static string Money(bool isPriced, decimal dollars) => isPriced ? Format.Money(dollars) : "not known";

    public static string Calls(long count) => count == 1 ? "1 call" : $"{Format.Count(count)} calls";

    public static Table NewTable(string title) => new() { Title = new TableTitle(Markup.Escape(title)), Border = TableBorder.Rounded };

    public static TableColumn Right(string header) => new TableColumn(header).RightAligned();

    private static string Bold(string text) => $"[bold]{Markup.Escape(text)}[/]";
}
