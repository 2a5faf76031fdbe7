namespace LlmThrift.Auditing.Reporting;

internal static class MarkdownReport
{
    public static string Write(ReportFigures figures) => figures.Result.Target.ToString();
}
