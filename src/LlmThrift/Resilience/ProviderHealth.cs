using Polly;

namespace LlmThrift.Resilience;

/// <summary>What is known of one model at one provider. Safe for concurrent use.</summary>
/// <param name="Target">Its name in messages.</param>
/// <param name="Breaker">Its circuit breaker; null for none.</param>
/// <param name="Latencies">Its times to a first update.</param>
internal sealed record ProviderHealth(string Target, ResiliencePipeline? Breaker, LatencyWindow Latencies);
