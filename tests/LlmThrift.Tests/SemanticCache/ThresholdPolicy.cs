using System.Collections.Concurrent;
using LlmThrift.SemanticCache;

namespace LlmThrift.Tests.SemanticCache;

/// <summary>Serves the best candidate from a score on, and writes down what it is told: what surrounds a policy is tested with this one.</summary>
internal sealed class ThresholdPolicy(float threshold = 0.9f) : IServingPolicy
{
    public ConcurrentQueue<(ServingChoice WouldHave, bool? WasRight, bool?[] Verdicts)> Lessons { get; } = new();

    public ConcurrentQueue<DecisionTrace> Wrong { get; } = new();

    public float LeastSimilarity => -1;

    public bool TryDismiss(ReadOnlySpan<Candidate> candidates, out ServingDecision decision)
    {
        decision = default;
        return false;
    }

    public ServingDecision Decide(Span<Candidate> candidates, in AskedQuestion asked)
    {
        asked.ScoreAll(candidates);
        if (candidates.IsEmpty)
        {
            return new ServingDecision(ServingChoice.Explore, null, 1f, "no_neighbor", default);
        }

        var best = candidates[0];
        foreach (var candidate in candidates)
        {
            best = candidate.Score > best.Score ? candidate : best;
        }

        var isServed = best.Score >= threshold;
        var choice = isServed ? ServingChoice.Serve : ServingChoice.Explore;
        return new ServingDecision(choice, best.Entry, 1f - best.Score, isServed ? "served" : "low_score", default);
    }

    public void Learn(
        in DecisionTrace trace,
        ServingChoice wouldHave,
        bool? wasRight,
        ReadOnlySpan<GroupVerdict> verdicts,
        SemanticEntry kept
    ) => Lessons.Enqueue((wouldHave, wasRight, verdicts.ToArray().Select(verdict => verdict.IsSame).ToArray()));

    public void ReportWrong(in DecisionTrace trace) => Wrong.Enqueue(trace);
}
