using Microsoft.Extensions.AI;

namespace LlmThrift.Local.Generation;

/// <summary>How a generation ended.</summary>
/// <param name="Reason">Why no more came.</param>
/// <param name="InputTokens">Of the prompt.</param>
/// <param name="CachedTokens">Those of them that were evaluated before.</param>
/// <param name="OutputTokens">Generated, with those that a stop sequence took away.</param>
internal sealed record GenerationOutcome(ChatFinishReason Reason, int InputTokens, int CachedTokens, int OutputTokens);
