namespace LlmThrift.SemanticCache;

/// <summary>Decides whether a question is served from the cache, and learns from what comes of it. Safe for concurrent use.</summary>
internal interface IServingPolicy
{
    /// <summary>Gets the similarity below which nothing is served, so that nothing need be looked for.</summary>
    float LeastSimilarity { get; }

    /// <summary>Decides by the neighbours alone, where no scores could make it serve: most misses end here, and cost the least.</summary>
    /// <param name="candidates">By falling similarity, not scored.</param>
    /// <param name="decision">What <see cref="Decide"/> would come to, but for the score in its trace.</param>
    bool TryDismiss(ReadOnlySpan<Candidate> candidates, out ServingDecision decision);

    /// <summary>Decides, and scores the candidates only as far as that can make a difference.</summary>
    /// <param name="candidates">By falling similarity.</param>
    /// <param name="asked">The question asked.</param>
    ServingDecision Decide(Span<Candidate> candidates, in AskedQuestion asked);

    /// <summary>The model has answered after all: learns from whether the cache would have been right.</summary>
    /// <param name="trace">Of the decision.</param>
    /// <param name="wouldHave">What the decision was; <see cref="ServingChoice.Serve"/> in shadow mode.</param>
    /// <param name="wasRight">Whether the entry of the decision has the answer that the model gave; null when that could not be told.</param>
    /// <param name="verdicts">Of each group of answers that was compared, that of the decision's entry first, then by falling score.</param>
    /// <param name="kept">The entry of the question and its new answer.</param>
    void Learn(in DecisionTrace trace, ServingChoice wouldHave, bool? wasRight, ReadOnlySpan<GroupVerdict> verdicts, SemanticEntry kept);

    /// <summary>A served answer was reported as wrong.</summary>
    void ReportWrong(in DecisionTrace trace);
}
