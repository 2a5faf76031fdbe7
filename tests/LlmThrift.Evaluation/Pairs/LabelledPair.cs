namespace LlmThrift.Evaluation.Pairs;

/// <summary>Two questions, and whether people said that they have the same answer.</summary>
internal sealed record LabelledPair(string First, string Second, bool IsSame);
