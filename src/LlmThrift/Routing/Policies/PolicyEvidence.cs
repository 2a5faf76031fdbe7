namespace LlmThrift.Routing;

/// <summary>What a threshold is chosen by: scores of prompts that the scorer was not told of, and how good both answers were.</summary>
internal sealed record PolicyEvidence(double[] Scores, double[] Weak, double[] Strong)
{
    private const double Deviations = 1.96;

    public int Count => Scores.Length;

    /// <summary>The threshold from which on a share of the calls goes to the stronger tier.</summary>
    public static double ThresholdForShare(double[] scores, double strongShare)
    {
        var toWeak = (int)Math.Round((1 - strongShare) * scores.Length);
        if (toWeak <= 0 || toWeak >= scores.Length)
        {
            return toWeak <= 0 ? double.NegativeInfinity : double.PositiveInfinity;
        }

        double[] sorted = [.. scores.Order()];
        return (sorted[toWeak - 1] + sorted[toWeak]) / 2;
    }

    /// <summary>What routing by a threshold is worth. The interval is that of a ratio of means (delta method).</summary>
    public PolicyPoint At(double threshold)
    {
        var meanStrong = Strong.Average();
        double mixed = 0;
        var strongCalls = 0;
        for (var i = 0; i < Count; i++)
        {
            var isStrong = Scores[i] >= threshold;
            strongCalls += isStrong ? 1 : 0;
            mixed += (isStrong ? Strong[i] : Weak[i]) / Count;
        }

        var quality = meanStrong > 0 ? mixed / meanStrong : 1;
        double squares = 0;
        for (var i = 0; i < Count; i++)
        {
            var residual = (Scores[i] >= threshold ? Strong[i] : Weak[i]) - (quality * Strong[i]);
            squares += residual * residual;
        }

        var deviation = meanStrong > 0 ? Math.Sqrt(squares) / Count / meanStrong : 0;
        return new PolicyPoint(
            threshold,
            (double)strongCalls / Count,
            quality,
            Math.Max(0, quality - (Deviations * deviation)),
            quality + (Deviations * deviation)
        );
    }

    /// <summary>The curve, from all calls at the weaker tier to all at the stronger one.</summary>
    public IReadOnlyList<PolicyPoint> Curve(int steps)
    {
        var points = new List<PolicyPoint>();
        for (var step = 0; step <= steps; step++)
        {
            var point = At(ThresholdForShare(Scores, (double)step / steps));
            if (points.Count == 0 || points[^1].StrongShare != point.StrongShare)
            {
                points.Add(point);
            }
        }

        return points;
    }
}
