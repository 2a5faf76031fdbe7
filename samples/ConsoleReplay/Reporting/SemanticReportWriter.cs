using ConsoleReplay.Semantic;
using Spectre.Console;

namespace ConsoleReplay.Reporting;

/// <summary>Shows what the semantic cache served, how much of it was wrong, and what it took.</summary>
internal static class SemanticReportWriter
{
    private const int MostReasons = 6;

    public static void Write(IAnsiConsole console, SemanticFigures semantic, bool isPriced)
    {
        var table = ReportWriter.NewTable($"semantic cache, {Format.Share(semantic.MaxErrorRate)} wrong allowed");
        table
            .AddColumn("")
            .AddColumn(ReportWriter.Right("served"))
            .AddColumn(ReportWriter.Right("wrong"))
            .AddColumn(ReportWriter.Right("share"))
            .AddColumn(ReportWriter.Right("at most (95 %)"));
        AddHits(table, "calls", semantic.Calls);
        AddHits(table, "different questions", semantic.Questions);
        console.Write(table);

        console.Write(
            new Paragraph(
                $"Encoder: {Format.Count(semantic.EncodedTexts)} questions, {Format.Duration(semantic.EncoderMedian)} each (median), "
                    + $"{Format.Duration(semantic.EncoderTotal)} in all.\n"
                    + $"Sent to the provider to check the cache: {ReportWriter.Calls(semantic.Audits)}, "
                    + $"{ReportWriter.Money(isPriced, semantic.AuditCost)}.\n"
                    + $"Not served: {ReasonsOf(semantic)}.\n"
            )
        );
        console.WriteLine();
    }

    private static void AddHits(Table table, string name, CheckedHits hits) =>
        table.AddRow(
            name,
            Format.Count(hits.Served),
            Format.Count(hits.Wrong),
            Format.SmallShare(hits.WrongShare),
            Format.SmallShare(hits.WrongShareUpper95)
        );

    private static string ReasonsOf(SemanticFigures semantic)
    {
        var reasons = semantic
            .Decisions.Where(pair => pair.Key is not ("served" or "coalesced"))
            .OrderByDescending(pair => pair.Value)
            .ThenBy(pair => pair.Key, StringComparer.Ordinal)
            .ToList();
        if (reasons.Count == 0)
            return "none";

        var shown = reasons.Take(MostReasons).Select(pair => $"{pair.Key.Replace('_', ' ')} {Format.Count(pair.Value)}").ToList();
        if (reasons.Count > MostReasons)
            shown.Add($"other {Format.Count(reasons.Skip(MostReasons).Sum(pair => pair.Value))}");
        return string.Join(", ", shown);
    }
}
