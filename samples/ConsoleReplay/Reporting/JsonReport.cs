using System.Text.Json;
using ConsoleReplay.Semantic;

namespace ConsoleReplay.Reporting;

/// <summary>Writes a report for machines. Money in USD, shares from 0 to 1, times in milliseconds.</summary>
internal static class JsonReport
{
    private static readonly JsonSerializerOptions Options = new(JsonSerializerDefaults.Web) { WriteIndented = true };

    public static Task WriteAsync(Stream stream, ReplayReport report, CancellationToken cancellationToken)
    {
        var figures = report.Figures;
        var document = new
        {
            report.Title,
            report.Models,
            report.PricesAsOf,
            figures.Calls,
            figures.ProviderCalls,
            figures.UnpricedCalls,
            figures.EstimatedCalls,
            report.RepeatShare,
            Without = new
            {
                Cost = figures.BaselineCost,
                InputTokens = figures.BaselineInputTokens,
                OutputTokens = figures.BaselineOutputTokens,
                Latency = Latency(figures.LatencyWithout),
            },
            With = new
            {
                Cost = figures.ActualCost,
                figures.InputTokens,
                figures.OutputTokens,
                Latency = Latency(figures.LatencyWith),
            },
            Saving = new
            {
                Cost = figures.Saving,
                Share = figures.BaselineCost == 0 ? 0 : figures.Saving / figures.BaselineCost,
                Stages = figures.Stages.Select(stage => new
                {
                    stage.Name,
                    stage.Calls,
                    Cost = stage.Saving,
                }),
            },
            Features = figures.Features.Select(group => new
            {
                group.Name,
                group.Calls,
                group.UnpricedCalls,
                Without = group.BaselineCost,
                With = group.ActualCost,
            }),
            ExtrapolatedMonth = new
            {
                Calls = report.CallsPerMonth,
                Without = report.MonthWithout,
                With = report.MonthWith,
            },
            figures.PassedBy,
            report.Outcome.Answered,
            report.Outcome.Failures,
            ElapsedMilliseconds = report.Outcome.Elapsed.TotalMilliseconds,
            report.Notes,
            Problems = report.Problems.Select(problem => new
            {
                problem.File,
                problem.Line,
                problem.Message,
            }),
        };
        var json = JsonSerializer.SerializeToNode(document, Options)!.AsObject();
        if (figures.Semantic is { } semantic)
            json["semantic"] = JsonSerializer.SerializeToNode(Semantic(semantic), Options);
        return JsonSerializer.SerializeAsync(stream, json, Options, cancellationToken);
    }

    private static object Semantic(SemanticFigures semantic) =>
        new
        {
            semantic.MaxErrorRate,
            Calls = Hits(semantic.Calls),
            Questions = Hits(semantic.Questions),
            Encoder = new
            {
                Texts = semantic.EncodedTexts,
                MedianMilliseconds = semantic.EncoderMedian.TotalMilliseconds,
                TotalMilliseconds = semantic.EncoderTotal.TotalMilliseconds,
            },
            Audits = new { Calls = semantic.Audits, Cost = semantic.AuditCost },
            semantic.Decisions,
        };

    private static object Hits(CheckedHits hits) =>
        new
        {
            Hits = hits.Served,
            FalseHits = hits.Wrong,
            FalseHitShare = hits.WrongShare,
            FalseHitShareUpper95 = hits.WrongShareUpper95,
        };

    private static object? Latency(LatencyFigures? latency) =>
        latency is { } known
            ? new { MedianMilliseconds = known.Median.TotalMilliseconds, P95Milliseconds = known.P95.TotalMilliseconds }
            : null;
}
