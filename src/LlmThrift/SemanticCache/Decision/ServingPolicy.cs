namespace LlmThrift.SemanticCache;

/// <summary>Decides whether a question is served from the cache. One for each registration; safe for concurrent use.</summary>
internal sealed class ServingPolicy(double maxErrorRate, int seed) : IServingPolicy
{
    private readonly float _threshold = 0.9f;
    private long _reports;

    public double MaxErrorRate { get; } = maxErrorRate;

    public int Seed { get; } = seed;

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

    public void Learn(in DecisionTrace trace, ServingChoice wouldHave, bool? wasRight, ReadOnlySpan<GroupVerdict> verdicts)
    {
        Interlocked.Increment(ref _reports);
    }

    public void ReportWrong(in DecisionTrace trace)
    {
        Interlocked.Increment(ref _reports);
    }
}
