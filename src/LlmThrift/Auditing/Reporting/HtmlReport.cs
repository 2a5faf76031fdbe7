using System.Net;
using System.Text;

namespace LlmThrift.Auditing.Reporting;

/// <summary>The report as one page of HTML that loads nothing and runs nothing: its policy of content forbids both, should an answer of a model ever get through as more than text.</summary>
internal static class HtmlReport
{
    /// <summary>Contrast of text is at least 4.5 to 1, and of lines 3 to 1, in both schemes (WCAG 2.2).</summary>
    private const string Style = """
        :root{color-scheme:light dark;--page:#fff;--text:#1b1f24;--soft:#57606a;--rule:#d5dae0;--panel:#f5f7f9;--accent:#0b5cad;--band:#0b5cad2e;--target:#b3261e}
        @media (prefers-color-scheme:dark){:root{--page:#14171a;--text:#e6e8ea;--soft:#a8b0b8;--rule:#3a4149;--panel:#1d2126;--accent:#6cb6ff;--band:#6cb6ff33;--target:#ffab70}}
        @media print{:root{color-scheme:light;--page:#fff;--text:#000;--soft:#444;--rule:#bbb;--panel:#fff;--accent:#0b5cad;--band:#0b5cad2e;--target:#b3261e}}
        *{box-sizing:border-box}
        body{margin:0 auto;max-width:52rem;padding:1rem;background:var(--page);color:var(--text);font:1rem/1.55 system-ui,sans-serif;overflow-wrap:break-word}
        h1{font-size:1.6rem;line-height:1.25;margin:.5rem 0}
        h2{font-size:1.2rem;line-height:1.3;margin:2.2rem 0 .6rem}
        .tiers,figcaption,caption,.note{color:var(--soft);font-size:.9rem}
        .summary{font-size:1.1rem;padding:.9rem 1.1rem;background:var(--panel);border-left:4px solid var(--accent)}
        .summary p{margin:0 0 .6rem}.summary p:last-child{margin:0}
        figure{margin:1rem 0}
        .scroll{overflow-x:auto}
        .scroll:focus-visible,summary:focus-visible{outline:2px solid var(--accent);outline-offset:2px}
        svg{display:block;width:100%;min-width:27rem;height:auto;font:13px system-ui,sans-serif}
        svg text{fill:var(--text)}svg .tick{fill:var(--soft)}svg .title{fill:var(--soft)}
        svg .label{paint-order:stroke;stroke:var(--page);stroke-width:4px;stroke-linejoin:round}
        svg .grid{stroke:var(--rule);stroke-width:1}svg .axis{stroke:var(--soft);stroke-width:1}
        svg .band{fill:var(--band);stroke:none}
        svg .curve{fill:none;stroke:var(--accent);stroke-width:2.5;stroke-linejoin:round}
        svg .chance{fill:none;stroke:var(--soft);stroke-width:1.5;stroke-dasharray:6 4}
        svg .drop{stroke:var(--target);stroke-width:1.2;stroke-dasharray:2 3}
        svg .target{fill:var(--target);stroke:var(--page);stroke-width:2}
        svg .end,svg .dot{fill:var(--accent)}
        svg .few{fill:var(--page);stroke:var(--accent);stroke-width:2}
        svg .whisker{stroke:var(--accent);stroke-width:2}
        table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums}
        caption{text-align:left;padding:0 0 .4rem}
        th,td{padding:.35rem .6rem;border-bottom:1px solid var(--rule);text-align:right;vertical-align:top}
        th:first-child,th.note,td.note,.facts td{text-align:left}
        thead th{border-bottom:2px solid var(--soft)}
        tbody th{font-weight:400;overflow-wrap:anywhere}
        .facts td{overflow-wrap:anywhere}.facts th{white-space:nowrap}
        tr.target td,tr.target th{font-weight:700;background:var(--panel)}
        details{border:1px solid var(--rule);border-radius:4px;margin:.5rem 0;padding:.5rem .8rem}
        summary{cursor:pointer;overflow-wrap:anywhere}
        dt{color:var(--soft);font-size:.9rem;margin-top:.7rem}dd{margin:.2rem 0 0}
        pre{margin:0;padding:.6rem .8rem;background:var(--panel);border:1px solid var(--rule);white-space:pre-wrap;overflow-wrap:anywhere;unicode-bidi:isolate;font:.875rem/1.5 ui-monospace,monospace}
        @media (max-width:32rem){.facts th{white-space:normal}th,td{padding:.3rem .4rem}}
        @media print{body{max-width:none;padding:0;font-size:10pt}svg{min-width:0;max-width:16cm}figure,tr{break-inside:avoid}h2{break-after:avoid}details::details-content{content-visibility:visible;height:auto}thead{display:table-header-group}}
        """;

    public static string Write(ReportFigures figures)
    {
        var result = figures.Result;
        var (weak, strong) = (ReportText.Model(result.Weak), ReportText.Model(result.Strong));
        var html = new StringBuilder();
        html.Append("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n")
            .Append("<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n")
            .Append(
                "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<meta name=\"color-scheme\" content=\"light dark\">\n"
            )
            .Append($"<title>Audit of model routing: {Encode(weak)} and {Encode(strong)}</title>\n")
            .Append("<style>\n")
            .Append(Style)
            .Append("\n</style>\n</head>\n<body>\n<header>\n<h1>Audit of model routing</h1>\n")
            .Append($"<p class=\"tiers\">Cheaper tier: <bdi>{Encode(weak)}</bdi>. Dearer tier: <bdi>{Encode(strong)}</bdi>. ")
            .Append($"{ReportText.Time(result.At)}.</p>\n</header>\n<main>\n")
            .Append($"<div class=\"summary\">\n<p>{Prose(string.Join(' ', ReportText.Summary(figures)))}</p>\n");
        if (ReportText.Unfinished(figures) is { } unfinished)
        {
            html.Append($"<p>{Prose(unfinished)}</p>\n");
        }

        html.Append("</div>\n");
        WriteQuality(html, figures);
        WriteTasks(html, figures);
        WriteCurve(html, figures);
        WriteWorst(html, figures);
        WriteMethod(html, figures);
        return html.Append("</main>\n</body>\n</html>\n").ToString();
    }

    private static string Encode(string text) => WebUtility.HtmlEncode(ReportText.Clean(text));

    /// <summary>A sentence of the report's: what is between two asterisks and two more stands out, and numbers stay with their percent.</summary>
    private static string Prose(string text)
    {
        var parts = Encode(text).Replace(" %", "&#160;%", StringComparison.Ordinal).Split("**");
        return string.Concat(parts.Select((part, i) => i % 2 == 0 ? part : $"<strong>{part}</strong>"));
    }

    private static void Begin(StringBuilder html, string id, string title) =>
        html.Append($"<section aria-labelledby=\"{id}\">\n<h2 id=\"{id}\">{title}</h2>\n");

    private static void WriteFigure(StringBuilder html, string name, string svg, string caption) =>
        html.Append($"<figure>\n<div class=\"scroll\" tabindex=\"0\" role=\"group\" aria-label=\"{name}\">\n")
            .Append(svg)
            .Append($"\n</div>\n<figcaption>{Prose(caption)}</figcaption>\n</figure>\n");

    private static void BeginTable(StringBuilder html, string name, string caption, params ReadOnlySpan<string> columns)
    {
        html.Append(
            $"<div class=\"scroll\" tabindex=\"0\" role=\"group\" aria-label=\"{name}\">\n<table>\n<caption>{caption}</caption>\n<thead><tr>"
        );
        foreach (var column in columns)
        {
            html.Append(column == "Note" ? "<th scope=\"col\" class=\"note\">Note</th>" : $"<th scope=\"col\">{column}</th>");
        }

        html.Append("</tr></thead>\n<tbody>\n");
    }

    private static void EndTable(StringBuilder html) => html.Append("</tbody>\n</table>\n</div>\n");

    private static void WriteQuality(StringBuilder html, ReportFigures figures)
    {
        Begin(html, "quality", "Quality against cost");
        if (ReportText.WithoutCurve(figures) is { } without)
        {
            html.Append($"<p>{Prose(without)}</p>\n");
        }
        else
        {
            WriteFigure(html, "Plot of quality against cost", ReportPlots.Curve(figures), ReportText.OfCurve(figures));
        }

        html.Append("</section>\n");
    }

    private static void WriteTasks(StringBuilder html, ReportFigures figures)
    {
        if (figures.Judged == 0)
        {
            return;
        }

        Begin(html, "tasks-heading", "By kind of task");
        WriteFigure(
            html,
            "Plot by kind of task",
            ReportPlots.Tasks(figures),
            figures.Tasks.Any(group => group.IsFew)
                ? $"Lines are 95 % intervals. A hollow dot stands for fewer than {ReportText.Count(ReportFigures.FewRequests)} requests: a hint at most."
                : "Lines are 95 % intervals."
        );
        WriteGroups(html, "Kind of task", figures.Tasks);
        html.Append("</section>\n");
        if (figures.Features.Count > 0)
        {
            Begin(html, "features", "By feature");
            WriteGroups(html, "Feature", figures.Features);
            html.Append("</section>\n");
        }
    }

    private static void WriteGroups(StringBuilder html, string column, IReadOnlyList<GroupFigures> groups)
    {
        BeginTable(
            html,
            $"Table: {column}",
            "Requests where the cheaper tier's answer is no worse",
            column,
            "Requests",
            "No worse",
            "Share",
            "95&#160;% interval",
            "Note"
        );
        foreach (var group in groups)
        {
            html.Append(
                    $"<tr><th scope=\"row\"><bdi>{Encode(ReportText.FeatureOf(group.Name))}</bdi></th><td>{ReportText.Count(group.Count)}</td>"
                )
                .Append($"<td>{ReportText.Count(group.Acceptable)}</td><td>{Prose(ReportText.PercentInColumn(group.Share))}</td>")
                .Append($"<td>{Prose(ReportText.Range(group.Low, group.High))}</td><td class=\"note\">")
                .Append(group.IsFew ? $"fewer than {ReportText.Count(ReportFigures.FewRequests)} requests" : "")
                .Append("</td></tr>\n");
        }

        EndTable(html);
    }

    private static void WriteCurve(StringBuilder html, ReportFigures figures)
    {
        if (figures.Curve.Count == 0)
        {
            return;
        }

        Begin(html, "table", "The curve");
        BeginTable(
            html,
            "Table of the curve",
            figures.Expected is null
                ? "Quality kept by the share of calls to the dearer tier"
                : $"Quality kept by the share of calls to the dearer tier; in bold, the target {figures.Result.Target}",
            "To the dearer tier",
            "Quality kept",
            "95&#160;% interval",
            "USD per 1,000 calls"
        );
        foreach (var (point, cost, isTarget) in figures.Curve)
        {
            html.Append(isTarget ? "<tr class=\"target\">" : "<tr>")
                .Append(
                    $"<th scope=\"row\">{Prose(ReportText.PercentInColumn(point.StrongShare))}</th><td>{Prose(ReportText.PercentInColumn(point.Quality))}</td>"
                )
                .Append($"<td>{Prose(ReportText.Range(point.QualityLow, point.QualityHigh))}</td>")
                .Append($"<td>{(cost is { } usd ? ReportText.Usd(usd) : "not known")}</td></tr>\n");
        }

        EndTable(html);
        html.Append("</section>\n");
    }

    private static void WriteWorst(StringBuilder html, ReportFigures figures)
    {
        Begin(html, "wrong", "What went wrong");
        html.Append($"<p>{Prose(ReportText.OfWorst(figures))}</p>\n");
        var number = 0;
        foreach (var prompt in figures.Worst)
        {
            var (weak, strong) = (prompt.Judgement.WeakQuality, prompt.Judgement.StrongQuality);
            html.Append(
                    $"<details>\n<summary>{ReportText.Count(++number)}. <bdi>{Encode(ReportText.FeatureOf(prompt.Prompt.Feature))}</bdi>, "
                )
                .Append(
                    $"{ReportFigures.NameOf(prompt.Task)}: quality {ReportText.Quality(weak)} against {ReportText.Quality(strong)}</summary>\n"
                )
                .Append(
                    $"<p class=\"note\">Request <bdi>{Encode(prompt.Prompt.Id)}</bdi>, judged by {(prompt.IsByPerson ? "a person" : "a model or a rule")}.</p>\n<dl>\n"
                );
            WriteText(html, "Question", prompt.Prompt.Question);
            WriteText(html, $"Cheaper tier's answer, quality {ReportText.Quality(weak)}", prompt.WeakAnswer);
            WriteText(html, $"Dearer tier's answer, quality {ReportText.Quality(strong)}", prompt.StrongAnswer);
            html.Append("</dl>\n</details>\n");
        }

        html.Append("</section>\n");
    }

    // A line feed after <pre> is not part of the text, so that one which is stays.
    private static void WriteText(StringBuilder html, string name, string text) =>
        html.Append($"<dt>{name}</dt>\n<dd><pre dir=\"auto\">\n{Encode(ReportText.Excerpt(text))}</pre></dd>\n");

    private static void WriteMethod(StringBuilder html, ReportFigures figures)
    {
        Begin(html, "method", "How it was made");
        html.Append("<table class=\"facts\">\n<caption>The audit</caption>\n<tbody>\n");
        foreach (var (name, value, isData) in ReportText.Facts(figures))
        {
            html.Append($"<tr><th scope=\"row\">{name}</th><td>{(isData ? Encode(value) : Prose(value))}</td></tr>\n");
        }

        html.Append("</tbody>\n</table>\n<ul>\n");
        foreach (var note in ReportText.Notes(figures))
        {
            html.Append($"<li>{Prose(note)}</li>\n");
        }

        html.Append("</ul>\n</section>\n");
    }
}
