namespace LlmThrift.Embeddings.Tests.SemanticCache;

/// <summary>A question that looks like those of a topic but has another answer.</summary>
/// <param name="Kind">What makes it different.</param>
/// <param name="Text">The question.</param>
internal sealed record HardNegative(string Kind, string Text);
