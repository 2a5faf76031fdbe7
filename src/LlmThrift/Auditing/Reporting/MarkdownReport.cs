using System.Text;

namespace LlmThrift.Auditing.Reporting;

/// <summary>The report as Markdown (CommonMark 0.31 with the tables of GitHub), which shows every text of the audit as it is, whatever it holds.</summary>
internal static class MarkdownReport
{
    public static string Write(ReportFigures figures)
    {
        var result = figures.Result;
        var text = new StringBuilder();
        text.Append("# Audit of model routing\n\n")
            .Append($"Cheaper tier: {Escape(ReportText.Model(result.Weak))}. Dearer tier: {Escape(ReportText.Model(result.Strong))}. ")
            .Append($"{ReportText.Time(result.At)}.\n\n")
            .Append(Prose(string.Join(' ', ReportText.Summary(figures))))
            .Append("\n\n");
        if (ReportText.Unfinished(figures) is { } unfinished)
        {
            text.Append(Prose(unfinished)).Append("\n\n");
        }

        text.Append("## Quality against cost\n\n")
            .Append(Prose(ReportText.WithoutCurve(figures) ?? ReportText.OfCurve(figures)))
            .Append("\n\n");
        WriteGroups(text, "By kind of task", "Kind of task", figures.Tasks);
        WriteGroups(text, "By feature", "Feature", figures.Features);
        WriteCurve(text, figures);
        WriteWorst(text, figures);
        text.Append("## How it was made\n\n| | |\n|---|---|\n");
        foreach (var (name, value, isData) in ReportText.Facts(figures))
        {
            text.Append($"| {name} | {(isData ? Escape(value) : Prose(value))} |\n");
        }

        text.Append('\n');
        foreach (var note in ReportText.Notes(figures))
        {
            text.Append("- ").Append(Prose(note)).Append('\n');
        }

        return text.ToString();
    }

    /// <summary>Text for a line or a cell, with a backslash before whatever might be taken for Markdown, HTML or a link.</summary>
    internal static string Escape(string text)
    {
        var escaped = new StringBuilder(text.Length);
        foreach (var character in ReportText.Clean(text))
        {
            if (character is '\n' or '\t')
            {
                escaped.Append(' ');
                continue;
            }

            if (char.IsAscii(character) && (char.IsPunctuation(character) || char.IsSymbol(character)) && !"-,'/()".Contains(character))
            {
                escaped.Append('\\');
            }

            escaped.Append(character);
        }

        return escaped.ToString();
    }

    /// <summary>A block of text between fences that are longer than any in it.</summary>
    internal static string Fenced(string text)
    {
        var (run, longest) = (0, 2);
        foreach (var character in text)
        {
            run = character == '`' ? run + 1 : 0;
            longest = Math.Max(longest, run);
        }

        var fence = new string('`', longest + 1);
        return $"{fence}text\n{text}\n{fence}\n";
    }

    /// <summary>A sentence of the report's: dollars are not the beginning of a formula.</summary>
    private static string Prose(string text) => text.Replace("$", "\\$", StringComparison.Ordinal);

    private static void WriteGroups(StringBuilder text, string title, string column, IReadOnlyList<GroupFigures> groups)
    {
        if (groups.Count == 0)
        {
            return;
        }

        text.Append(
            $"## {title}\n\nRequests where the cheaper tier's answer is no worse:\n\n| {column} | Requests | No worse | Share | 95 % interval | Note |\n|---|--:|--:|--:|--:|---|\n"
        );
        foreach (var group in groups)
        {
            text.Append(
                    $"| {Escape(ReportText.FeatureOf(group.Name))} | {ReportText.Count(group.Count)} | {ReportText.Count(group.Acceptable)} | "
                )
                .Append($"{ReportText.PercentInColumn(group.Share)} | {ReportText.Range(group.Low, group.High)} | ")
                .Append(group.IsFew ? $"fewer than {ReportFigures.FewRequests} requests |\n" : "|\n");
        }

        text.Append('\n');
    }

    private static void WriteCurve(StringBuilder text, ReportFigures figures)
    {
        if (figures.Curve.Count == 0)
        {
            return;
        }

        text.Append(
            "## The curve\n\n| To the dearer tier | Quality kept | 95 % interval | USD per 1,000 calls | |\n|--:|--:|--:|--:|---|\n"
        );
        foreach (var (point, cost, isTarget) in figures.Curve)
        {
            text.Append($"| {ReportText.PercentInColumn(point.StrongShare)} | {ReportText.PercentInColumn(point.Quality)} | ")
                .Append(
                    $"{ReportText.Range(point.QualityLow, point.QualityHigh)} | {(cost is { } usd ? Prose(ReportText.Usd(usd)) : "not known")} | "
                )
                .Append(isTarget ? $"target: {figures.Result.Target} |\n" : "|\n");
        }

        text.Append('\n');
    }

    private static void WriteWorst(StringBuilder text, ReportFigures figures)
    {
        text.Append("## What went wrong\n\n").Append(ReportText.OfWorst(figures)).Append("\n\n");
        var number = 0;
        foreach (var prompt in figures.Worst)
        {
            text.Append(
                    $"### {ReportText.Count(++number)}. {Escape(ReportText.FeatureOf(prompt.Prompt.Feature))}, {ReportFigures.NameOf(prompt.Task)}\n\n"
                )
                .Append($"Request {Escape(prompt.Prompt.Id)}, judged by {(prompt.IsByPerson ? "a person" : "a model or a rule")}.\n\n")
                .Append("Question:\n\n")
                .Append(Fenced(ReportText.Excerpt(prompt.Prompt.Question)))
                .Append($"\nCheaper tier's answer, quality {ReportText.Quality(prompt.Judgement.WeakQuality)}:\n\n")
                .Append(Fenced(ReportText.Excerpt(prompt.WeakAnswer)))
                .Append($"\nDearer tier's answer, quality {ReportText.Quality(prompt.Judgement.StrongQuality)}:\n\n")
                .Append(Fenced(ReportText.Excerpt(prompt.StrongAnswer)))
                .Append('\n');
        }
    }
}
