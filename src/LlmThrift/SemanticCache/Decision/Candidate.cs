namespace LlmThrift.SemanticCache;

/// <summary>A question answered before that may have the same answer as the one asked.</summary>
/// <param name="Entry">The question and its answer.</param>
/// <param name="Similarity">Cosine similarity of both questions.</param>
/// <param name="Score">Calibrated probability that both have the same answer.</param>
internal readonly record struct Candidate(SemanticEntry Entry, float Similarity, float Score);
