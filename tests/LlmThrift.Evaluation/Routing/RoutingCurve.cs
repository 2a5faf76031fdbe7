namespace LlmThrift.Evaluation.Routing;

/// <summary>
/// The curve of the quality recovered of the gap between two models against the share of calls that go to the stronger one, highest scores first (Ong et al., "RouteLLM", 2024).
/// Prompts of equal scores are taken together.
/// </summary>
internal sealed class RoutingCurve
{
    private readonly double[] _recovered;

    /// <param name="scores">By prompt: the higher, the sooner it goes to the stronger model.</param>
    /// <param name="weak">By prompt: the weaker model's quality.</param>
    /// <param name="strong">By prompt: the stronger model's.</param>
    public RoutingCurve(double[] scores, double[] weak, double[] strong)
    {
        var n = scores.Length;
        int[] order = [.. Enumerable.Range(0, n).OrderByDescending(i => scores[i])];
        _recovered = new double[n + 1];
        for (var first = 0; first < n; )
        {
            var last = first;
            double gain = 0;
            while (last < n && scores[order[last]] == scores[order[first]])
            {
                gain += strong[order[last]] - weak[order[last]];
                last++;
            }

            for (var k = first; k < last; k++)
            {
                _recovered[k + 1] = _recovered[first] + (gain * (k + 1 - first) / (last - first));
            }

            first = last;
        }

        Gap = _recovered[n] / n;
        WeakQuality = weak.Average();
        if (_recovered[n] != 0)
        {
            var whole = _recovered[n];
            for (var k = 0; k <= n; k++)
            {
                _recovered[k] /= whole;
            }
        }
    }

    /// <summary>The stronger model's mean quality less the weaker one's.</summary>
    public double Gap { get; }

    public double WeakQuality { get; }

    /// <summary>The area under the curve: 0.5 for chance.</summary>
    public double Apgr
    {
        get
        {
            double area = 0;
            for (var k = 1; k < _recovered.Length; k++)
            {
                area += (_recovered[k - 1] + _recovered[k]) / 2;
            }

            return area / (_recovered.Length - 1);
        }
    }

    /// <summary>The smallest share of calls to the stronger model that recovers a share of the gap.</summary>
    public double CallsFor(double share)
    {
        for (var k = 0; k < _recovered.Length; k++)
        {
            if (_recovered[k] >= share - 1e-12)
            {
                return (double)k / (_recovered.Length - 1);
            }
        }

        return 1;
    }

    /// <summary>The smallest share of calls to the stronger model that has a share of its quality.</summary>
    public double CallsForQuality(double share)
    {
        for (var k = 0; k < _recovered.Length; k++)
        {
            if (WeakQuality + (Gap * _recovered[k]) >= (share * (WeakQuality + Gap)) - 1e-12)
            {
                return (double)k / (_recovered.Length - 1);
            }
        }

        return 1;
    }
}
