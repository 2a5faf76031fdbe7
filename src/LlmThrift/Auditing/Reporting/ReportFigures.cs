namespace LlmThrift.Auditing.Reporting;

/// <summary>The figures of a report.</summary>
internal sealed record ReportFigures(AuditResult Result)
{
    public static ReportFigures Of(AuditResult result) => new(result);
}
