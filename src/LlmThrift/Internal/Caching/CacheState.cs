using System.Collections.Concurrent;
using LlmThrift.Diagnostics;
using LlmThrift.Tokens;
using Microsoft.Extensions.Logging;

namespace LlmThrift.Internal.Caching;

/// <summary>What all clients of one registration of a cache share: the requests under way, and how to treat them.</summary>
internal abstract class CacheState(string stage, CacheRules rules, PipelineServices services, RequestTokenCounter counter)
{
    /// <summary>One of <see cref="CostStages"/>.</summary>
    public string Stage { get; } = stage;

    public CacheRules Rules { get; } = rules;

    public ConcurrentDictionary<UInt128, Flight> Flights { get; } = new();

    public HelperFailures Failures { get; } = services.Failures;

    public TimeProvider Clock { get; } = services.Clock;

    public ILogger Logger { get; } = services.Logger;

    public RequestTokenCounter Counter { get; } = counter;
}
