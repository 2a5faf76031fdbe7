namespace LlmThrift.SemanticCache;

/// <summary>The model's answer to a question, and a cached answer to another one.</summary>
/// <param name="Question">The question asked.</param>
/// <param name="Answer">What the model answered to it: whole, text only.</param>
/// <param name="CachedQuestion">The question answered before.</param>
/// <param name="CachedAnswer">The answer that the cache has for it.</param>
public readonly record struct AnswerPair(string Question, string Answer, string CachedQuestion, string CachedAnswer);
