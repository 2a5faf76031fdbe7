namespace LlmThrift.SemanticCache;

/// <summary>Whether the model's new answer says the same as the answer of a group.</summary>
/// <param name="Group">The group.</param>
/// <param name="IsSame">Null when that could not be told.</param>
internal readonly record struct GroupVerdict(AnswerGroup Group, bool? IsSame);
