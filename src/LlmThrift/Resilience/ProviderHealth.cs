using Polly;

namespace LlmThrift.Resilience;

/// <summary>What is known of one model at one provider. Safe for concurrent use.</summary>
/// <param name="Target">Its name in messages.</param>
/// <param name="Breaker">Its circuit breaker; null for none.</param>
internal sealed record ProviderHealth(string Target, ResiliencePipeline? Breaker)
{
    private readonly LatencyWindow _streamed = new();
    private readonly LatencyWindow _whole = new();

    /// <summary>The times to a first update, or to a whole answer, which takes many times as long.</summary>
    public LatencyWindow Latencies(bool isStreaming) => isStreaming ? _streamed : _whole;
}
