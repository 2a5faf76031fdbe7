namespace LlmThrift.Auditing.Reporting;

/// <summary>The plots of a report.</summary>
internal static class ReportPlots
{
    private const double Width = 560;

    /// <summary>Quality kept against cost, or against the share of calls to the dearer tier where costs do not tell the tiers apart.</summary>
    /// <param name="figures">Figures with a curve.</param>
    public static string Curve(ReportFigures figures)
    {
        var curve = figures.Curve;
        (double X, double Quality, double Low, double High)[] points =
        [
            .. curve.Select(step =>
                (XOf(figures, step), step.Point.Quality * 100, step.Point.QualityLow * 100, step.Point.QualityHigh * 100)
            ),
        ];
        var (low, high) = (points.Min(point => point.Low), points.Max(point => point.High));
        var plot = new SvgPlot(Width, 400, (58, 70, 18, 52));
        plot.YAxis(PlotAxis.Of(Math.Max(0, low - ((high - low) * 0.08)), high, 6), "Quality kept, % of the dearer tier's");
        plot.XAxis(
            PlotAxis.Of(points[0].X, points[^1].X, 6),
            figures.HasCostScale ? "Cost, USD per 1,000 calls" : "Calls to the dearer tier, %"
        );

        plot.Area([.. points.Select(point => (point.X, point.High)), .. points.Reverse().Select(point => (point.X, point.Low))], "band");
        plot.Line([(points[0].X, points[0].Quality), (points[^1].X, points[^1].Quality)], "chance");
        plot.Line(points.Select(point => (point.X, point.Quality)), "curve");

        plot.Dot(plot.X(points[0].X), plot.Y(points[0].Quality), 4, "end");
        plot.Dot(plot.X(points[^1].X), plot.Y(points[^1].Quality), 4, "end");
        WriteTarget(plot, figures);

        // After the lines, so that these end at the words. Away from the curve, which goes up from left to right where the dearer tier is the better one.
        var (first, last) = (points[0], points[^1]);
        var isRising = first.Quality <= last.Quality;
        plot.Text(
            plot.X(first.X) + 6,
            isRising ? Math.Min(plot.Bottom - 6, plot.Y(first.Low) + 16) : plot.Y(first.High) - 8,
            "all calls to the cheaper tier",
            "start",
            "label"
        );
        plot.Text(
            Math.Min(plot.Right, plot.X(last.X) + 10),
            isRising ? plot.Y(last.High) - 10 : Math.Min(plot.Bottom - 6, plot.Y(last.Low) + 20),
            "all calls to the dearer tier",
            "end",
            "label"
        );

        plot.Box(plot.Left, 4, 26, 14, "band");
        plot.Segment(plot.Left, 11, plot.Left + 26, 11, "curve");
        plot.Text(plot.Left + 33, 15.5, "by the policy, with its 95 % interval", "start", "legend");
        plot.Segment(plot.Left + 330, 11, plot.Left + 356, 11, "chance");
        plot.Text(plot.Left + 363, 15.5, "by chance", "start", "legend");
        return plot.Write("curve", "Quality kept against cost", ReportText.OfCurve(figures));
    }

    /// <summary>The share of requests where the cheaper tier's answer is no worse, by kind of task.</summary>
    /// <param name="figures">Figures with at least one request.</param>
    public static string Tasks(ReportFigures figures)
    {
        const double rowHeight = 30;
        var groups = figures.Tasks;
        var plot = new SvgPlot(Width, 84 + (groups.Count * rowHeight), (116, 30, 74, 54));
        plot.XAxis(PlotAxis.Of(0, 100, 5), "Requests where the cheaper tier's answer is no worse, %");
        var all = plot.X(figures.All.Share * 100);
        plot.Segment(all, plot.Top - 6, all, plot.Bottom, "chance");

        // Not beyond the edge, where nearly all or hardly any are.
        plot.Text(
            Math.Clamp(all, plot.Left + 50, plot.Right - 50),
            plot.Top - 12,
            $"all requests: {ReportText.Percent(figures.All.Share)}",
            "middle",
            "legend"
        );
        for (var i = 0; i < groups.Count; i++)
        {
            var group = groups[i];
            var y = plot.Top + ((i + 0.5) * rowHeight);
            plot.Text(plot.Left - 10, y + 4.5, group.Name, "end", "row");
            plot.Segment(plot.X(group.Low * 100), y, plot.X(group.High * 100), y, "whisker");
            plot.Segment(plot.X(group.Low * 100), y - 5, plot.X(group.Low * 100), y + 5, "whisker");
            plot.Segment(plot.X(group.High * 100), y - 5, plot.X(group.High * 100), y + 5, "whisker");
            plot.Dot(plot.X(group.Share * 100), y, 5.5, group.IsFew ? "few" : "dot");
            plot.Text(plot.Right + 14, y + 4.5, $"n = {ReportText.Count(group.Count)}", "start", "tick");
        }

        return plot.Write(
            "tasks",
            "Requests where the cheaper tier's answer is no worse, by kind of task",
            string.Join(
                ' ',
                groups.Select(group =>
                    $"{group.Name}: {ReportText.Percent(group.Share)}, interval {ReportText.Range(group.Low, group.High)}, of {ReportText.Count(group.Count)}."
                )
            )
        );
    }

    private static void WriteTarget(SvgPlot plot, ReportFigures figures)
    {
        if (figures.Expected is not { } expected || figures.Curve.FirstOrDefault(step => step.IsTarget) is not { } target)
        {
            return;
        }

        var (x, y) = (plot.X(XOf(figures, target)), plot.Y(expected.Quality * 100));
        plot.Segment(x, y, x, plot.Bottom, "drop");
        plot.Segment(plot.Left, y, x, y, "drop");
        plot.Dot(x, y, 6.5, "target");
        plot.Dot(plot.Left + 13, 35, 6.5, "target");
        var cost = figures is { HasCostScale: true, ExpectedPer1000: { } usd } ? $" for {ReportText.Usd(usd)}" : "";
        plot.Text(
            plot.Left + 33,
            39.5,
            $"target {figures.Result.Target}: {ReportText.Percent(expected.Quality)}{cost}, {ReportText.Percent(expected.StrongShare)} to the dearer tier",
            "start",
            "legend"
        );
    }

    private static double XOf(ReportFigures figures, CurveFigures step) =>
        figures.HasCostScale ? (double)step.Per1000!.Value : step.Point.StrongShare * 100;
}
