namespace LlmThrift.SemanticCache;

/// <summary>What a decision was made on.</summary>
/// <param name="Similarity">Of the best candidate.</param>
/// <param name="Score">Of the best candidate.</param>
internal readonly record struct DecisionTrace(float Similarity, float Score);
