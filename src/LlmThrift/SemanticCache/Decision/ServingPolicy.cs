namespace LlmThrift.SemanticCache;

/// <summary>Decides whether a question is served from the cache. One for each registration; safe for concurrent use.</summary>
internal sealed class ServingPolicy(double maxErrorRate, int seed)
{
    private readonly float _threshold = 0.9f;
    private long _reports;

    public double MaxErrorRate { get; } = maxErrorRate;

    public int Seed { get; } = seed;

    /// <param name="candidates">By falling similarity.</param>
    /// <param name="question">The question asked.</param>
    public ServingDecision Decide(ReadOnlySpan<Candidate> candidates, string question)
    {
        if (candidates.IsEmpty)
        {
            return new ServingDecision(ServingChoice.Explore, null, 1f, "no_neighbor", default);
        }

        var best = candidates[0];
        foreach (var candidate in candidates)
        {
            best = candidate.Score > best.Score ? candidate : best;
        }

        var trace = new DecisionTrace(best.Similarity, best.Score);
        return best.Score >= _threshold
            ? new ServingDecision(ServingChoice.Serve, best.Entry, 1f - best.Score, "served", trace)
            : new ServingDecision(ServingChoice.Explore, best.Entry, 1f - best.Score, "low_score", trace);
    }

    /// <summary>The model has answered after all: learns from whether the cache would have been right.</summary>
    /// <param name="trace">Of the decision.</param>
    /// <param name="wouldHave">What the decision was; <see cref="ServingChoice.Serve"/> in shadow mode.</param>
    /// <param name="wasRight">Whether the entry of the decision has the answer that the model gave; null when that could not be told.</param>
    /// <param name="verdicts">Of each group of answers that was compared, best first.</param>
    public void Learn(in DecisionTrace trace, ServingChoice wouldHave, bool? wasRight, ReadOnlySpan<GroupVerdict> verdicts)
    {
        Interlocked.Increment(ref _reports);
    }

    /// <summary>A served answer was reported as wrong.</summary>
    public void ReportWrong(in DecisionTrace trace)
    {
        Interlocked.Increment(ref _reports);
    }
}
