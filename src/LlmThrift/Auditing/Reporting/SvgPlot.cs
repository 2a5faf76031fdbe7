using System.Net;
using System.Text;

namespace LlmThrift.Auditing.Reporting;

/// <summary>An axis: its range, and numbers to be written at it, which are 1, 2 or 5 times a power of ten apart.</summary>
internal sealed record PlotAxis(double Low, double High, IReadOnlyList<double> Ticks, string Format)
{
    /// <summary>An axis from a round number at or below the lowest value to one at or above the highest.</summary>
    public static PlotAxis Of(double low, double high, int intervals)
    {
        if (!(high > low))
        {
            (low, high) = (low - 0.5, low + 0.5);
        }

        var rough = (high - low) / intervals;
        var power = Math.Pow(10, Math.Floor(Math.Log10(rough)));
        var step =
            power
            * (
                rough / power is var size && size > 5.001 ? 10
                : size > 2.001 ? 5
                : size > 1.001 ? 2
                : 1
            );

        // As a little too much is for rounding, not for another interval.
        var first = (int)Math.Floor((low / step) + 1e-9);
        var last = (int)Math.Ceiling((high / step) - 1e-9);
        var digits = Math.Max(0, -(int)Math.Floor(Math.Log10(step) + 1e-9));
        return new PlotAxis(
            first * step,
            last * step,
            [.. Enumerable.Range(first, last - first + 1).Select(i => i * step)],
            digits == 0 ? "#,##0" : "0." + new string('0', digits)
        );
    }
}

/// <summary>Writes a plot as SVG, without scripts or anything from elsewhere. Colours come from the classes of the page that it stands in.</summary>
internal sealed class SvgPlot(double width, double height, (double Left, double Top, double Right, double Bottom) area)
{
    private readonly StringBuilder _body = new();
    private PlotAxis _x = PlotAxis.Of(0, 1, 1);
    private PlotAxis _y = PlotAxis.Of(0, 1, 1);

    public double Left => area.Left;

    public double Top => area.Top;

    public double Right => width - area.Right;

    public double Bottom => height - area.Bottom;

    public double X(double value) => Left + ((value - _x.Low) / (_x.High - _x.Low) * (Right - Left));

    public double Y(double value) => Bottom - ((value - _y.Low) / (_y.High - _y.Low) * (Bottom - Top));

    /// <summary>The horizontal axis, with lines up from its numbers.</summary>
    public void XAxis(PlotAxis axis, string title)
    {
        _x = axis;
        foreach (var tick in axis.Ticks)
        {
            Segment(X(tick), Top, X(tick), Bottom, "grid");
            Text(X(tick), Bottom + 18, ReportText.Number(tick, axis.Format), "middle", "tick");
        }

        Segment(Left, Bottom, Right, Bottom, "axis");
        Text((Left + Right) / 2, Bottom + 40, title, "middle", "title");
    }

    /// <summary>The vertical axis, with lines to the right from its numbers.</summary>
    public void YAxis(PlotAxis axis, string title)
    {
        _y = axis;
        foreach (var tick in axis.Ticks)
        {
            Segment(Left, Y(tick), Right, Y(tick), "grid");
            Text(Left - 8, Y(tick) + 4.5, ReportText.Number(tick, axis.Format), "end", "tick");
        }

        Segment(Left, Top, Left, Bottom, "axis");
        var (x, y) = (14.0, (Top + Bottom) / 2);
        _body.Append(
            Invariant(
                $"<text class=\"title\" text-anchor=\"middle\" transform=\"translate({x:0.##} {y:0.##}) rotate(-90)\">{Encode(title)}</text>"
            )
        );
    }

    public void Line(IEnumerable<(double X, double Y)> points, string style) =>
        _body.Append(Invariant($"<polyline class=\"{style}\" points=\"{Points(points)}\"/>"));

    public void Area(IEnumerable<(double X, double Y)> points, string style) =>
        _body.Append(Invariant($"<polygon class=\"{style}\" points=\"{Points(points)}\"/>"));

    /// <summary>A line on the page, in its units.</summary>
    public void Segment(double x1, double y1, double x2, double y2, string style) =>
        _body.Append(Invariant($"<line class=\"{style}\" x1=\"{x1:0.##}\" y1=\"{y1:0.##}\" x2=\"{x2:0.##}\" y2=\"{y2:0.##}\"/>"));

    /// <summary>A dot on the page, in its units.</summary>
    public void Dot(double x, double y, double radius, string style) =>
        _body.Append(Invariant($"<circle class=\"{style}\" cx=\"{x:0.##}\" cy=\"{y:0.##}\" r=\"{radius:0.##}\"/>"));

    /// <summary>A rectangle on the page, in its units.</summary>
    public void Box(double x, double y, double boxWidth, double boxHeight, string style) =>
        _body.Append(
            Invariant($"<rect class=\"{style}\" x=\"{x:0.##}\" y=\"{y:0.##}\" width=\"{boxWidth:0.##}\" height=\"{boxHeight:0.##}\"/>")
        );

    /// <summary>Text on the page, in its units.</summary>
    public void Text(double x, double y, string text, string anchor, string style) =>
        _body.Append(Invariant($"<text class=\"{style}\" x=\"{x:0.##}\" y=\"{y:0.##}\" text-anchor=\"{anchor}\">{Encode(text)}</text>"));

    /// <summary>The whole element.</summary>
    /// <param name="id">Of its own on the page.</param>
    /// <param name="title">What is plotted.</param>
    /// <param name="description">What is to be seen, for those who do not see it.</param>
    public string Write(string id, string title, string description) =>
        Invariant(
            $"<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width:0.##} {height:0.##}\" role=\"img\" aria-labelledby=\"{id}-title {id}-desc\"><title id=\"{id}-title\">{Encode(title)}</title><desc id=\"{id}-desc\">{Encode(description)}</desc>{_body}</svg>"
        );

    private static string Encode(string text) => WebUtility.HtmlEncode(ReportText.Clean(text));

    private static string Invariant(FormattableString text) => FormattableString.Invariant(text);

    private string Points(IEnumerable<(double X, double Y)> points) =>
        string.Join(' ', points.Select(point => Invariant($"{X(point.X):0.##},{Y(point.Y):0.##}")));
}
