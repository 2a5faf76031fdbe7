namespace LlmThrift.ContextTrimming;

/// <summary>Arithmetic on the scores of blocks.</summary>
internal static class Scores
{
    /// <summary>In standard deviations from the mean; all zero where all are the same.</summary>
    public static void Standardize(Span<double> scores)
    {
        double sum = 0;
        foreach (var score in scores)
        {
            sum += score;
        }

        var mean = sum / Math.Max(1, scores.Length);
        double squares = 0;
        foreach (var score in scores)
        {
            squares += (score - mean) * (score - mean);
        }

        var deviation = Math.Sqrt(squares / Math.Max(1, scores.Length));
        foreach (ref var score in scores)
        {
            score = deviation > 1e-9 ? (score - mean) / deviation : 0;
        }
    }

    /// <summary>
    /// Adds to each score those of its neighbours on both sides, the less the farther they are: what answers a question is often said around what has its
    /// words. A neighbour's share falls with the root of the tokens of each step and ends where the conversation paused.
    /// </summary>
    /// <param name="scores">By position in the conversation; changed.</param>
    /// <param name="tokens">Of each block.</param>
    /// <param name="startsAnew">Whether a block comes after a pause.</param>
    /// <param name="reach">The tokens over which a share falls to 1/e.</param>
    public static void AddNeighbors(Span<double> scores, ReadOnlySpan<int> tokens, ReadOnlySpan<bool> startsAnew, double reach)
    {
        var own = scores.ToArray();
        double before = 0;
        for (var i = 1; i < own.Length; i++)
        {
            before = Step(tokens, startsAnew, reach, i) * (before + own[i - 1]);
            scores[i] += before;
        }

        double after = 0;
        for (var i = own.Length - 2; i >= 0; i--)
        {
            after = Step(tokens, startsAnew, reach, i + 1) * (after + own[i + 1]);
            scores[i] += after;
        }
    }

    private static double Step(ReadOnlySpan<int> tokens, ReadOnlySpan<bool> startsAnew, double reach, int to) =>
        startsAnew[to] ? 0 : Math.Exp(-Math.Sqrt((tokens[to] + tokens[to - 1]) / (2 * reach)));
}
