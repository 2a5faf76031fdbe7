namespace LlmThrift.SemanticCache;

/// <summary>Whether to serve an answer, and which.</summary>
/// <param name="Choice">What to do.</param>
/// <param name="Entry">The entry to serve; for <see cref="ServingChoice.Explore"/> the one that would have been, or null.</param>
/// <param name="ErrorBound">The highest share of wrong answers to be feared among answers like this one, from 0 to 1.</param>
/// <param name="Reason">A short stable word, such as "served" or "no_neighbor".</param>
/// <param name="Trace">What the policy needs to learn from what comes of it.</param>
internal readonly record struct ServingDecision(
    ServingChoice Choice,
    SemanticEntry? Entry,
    float ErrorBound,
    string Reason,
    DecisionTrace Trace
);
