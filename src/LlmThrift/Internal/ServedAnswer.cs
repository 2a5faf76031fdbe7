using LlmThrift.Pricing;

namespace LlmThrift.Internal;

/// <summary>An answer that a stage gave in the provider's place, and what the provider would have billed for it.</summary>
internal sealed record ServedAnswer(string Stage, string? Provider, string? Model, TokenUsage AvoidedUsage, bool IsEstimated);
