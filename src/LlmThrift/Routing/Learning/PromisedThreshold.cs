namespace LlmThrift.Routing;

/// <summary>
/// The highest threshold at which routing keeps a share of the strong model's quality, as far as an audit can tell: thresholds are tried from the safest on, each by a one-sided confidence
/// bound, until one does not hold. Tried in a fixed order, many of them are no more likely to err than one (Angelopoulos et al., "Learn then Test", 2021).
/// </summary>
internal static class PromisedThreshold
{
    /// <summary>
    /// The upper 0.7 % of a normal distribution. About 1 % of audits may break a promise by chance; the rest is for the scorer, which was fitted to the same audit.
    /// </summary>
    private const double Deviations = 2.45;

    /// <summary>So many questions must go to the weak model before anything can be said of it.</summary>
    private const int LeastRouted = 20;

    /// <summary>The threshold: calls that score below it go to the weak model. Negative infinity where no saving is safe.</summary>
    /// <param name="scores">What the scorer says of each question when it is not told of it.</param>
    /// <param name="weak">The quality of the weak model's answers.</param>
    /// <param name="strong">The quality of the strong model's.</param>
    /// <param name="share">Of the strong model's quality that is to be kept, such as 0.98.</param>
    /// <param name="times">How many times as large an audit is imagined that finds the same; 1 for the one at hand.</param>
    public static double Find(double[] scores, double[] weak, double[] strong, double share, int times = 1)
    {
        var n = scores.Length;
        int[] order = [.. Enumerable.Range(0, n).OrderBy(i => scores[i])];

        // Of each question: how much of the allowed loss it takes. All at the strong model to begin with.
        double sum = strong.Sum(quality => -(1 - share) * quality);
        double squares = strong.Sum(quality => (1 - share) * quality * (1 - share) * quality);
        var threshold = double.NegativeInfinity;
        for (var k = 0; k < n; k++)
        {
            var i = order[k];
            var (before, after) = (-(1 - share) * strong[i], (share * strong[i]) - weak[i]);
            sum += after - before;
            squares += (after * after) - (before * before);
            if (k + 1 < LeastRouted || (k + 1 < n && scores[order[k + 1]] == scores[i]))
            {
                continue;
            }

            var mean = sum / n;
            var deviation = Math.Sqrt(Math.Max(0, (squares / n) - (mean * mean)) / ((double)n * times));
            if (mean + (Deviations * deviation) > 0)
            {
                break;
            }

            threshold = k + 1 < n ? (scores[i] + scores[order[k + 1]]) / 2 : double.PositiveInfinity;
        }

        return threshold;
    }
}
