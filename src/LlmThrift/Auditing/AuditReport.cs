using LlmThrift.Auditing.Reporting;

namespace LlmThrift.Auditing;

/// <summary>Writes what an audit found out for people to read.</summary>
public static class AuditReport
{
    /// <summary>The report as Markdown, without plots.</summary>
    /// <param name="result">What the audit found out.</param>
    /// <returns>The text. It holds prompts and answers.</returns>
    public static string ToMarkdown(AuditResult result) => MarkdownReport.Write(ReportFigures.Of(result));

    /// <summary>The report as one page of HTML with plots, that loads nothing from elsewhere.</summary>
    /// <param name="result">What the audit found out.</param>
    /// <returns>The page. It holds prompts and answers.</returns>
    public static string ToHtml(AuditResult result) => HtmlReport.Write(ReportFigures.Of(result));
}
