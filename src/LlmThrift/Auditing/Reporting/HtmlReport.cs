namespace LlmThrift.Auditing.Reporting;

internal static class HtmlReport
{
    public static string Write(ReportFigures figures) => figures.Result.Target.ToString();
}
