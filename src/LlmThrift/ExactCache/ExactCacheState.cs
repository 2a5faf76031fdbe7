using System.Collections.Concurrent;
using LlmThrift.Diagnostics;
using LlmThrift.Internal;
using LlmThrift.Tokens;
using Microsoft.Extensions.Caching.Distributed;
using Microsoft.Extensions.Caching.Hybrid;
using Microsoft.Extensions.Logging;

namespace LlmThrift.ExactCache;

/// <summary>What all clients of one registration share: the stored answers, the requests under way, and how to treat them.</summary>
internal sealed class ExactCacheState
{
    public ExactCacheState(ExactCacheOptions options, PipelineServices services, RequestTokenCounter counter)
    {
        Store = CreateStore(options, services);
        Manager = new ExactCacheManager(Store);
        Failures = services.Failures;
        Clock = services.Clock;
        Logger = services.Logger;
        Counter = counter;
        Expiration = options.Expiration;
        StoreTimeout = options.StoreTimeout;
        MaxTemperature = options.MaxTemperature;
        Partition = options.Partition;
        IgnoredProperties =
            options.IgnoredProperties.Count > 0 ? new HashSet<string>(options.IgnoredProperties, StringComparer.Ordinal) : null;
    }

    public IResponseStore Store { get; }

    public ExactCacheManager Manager { get; }

    public ConcurrentDictionary<UInt128, Flight> Flights { get; } = new();

    public HelperFailures Failures { get; }

    public TimeProvider Clock { get; }

    public ILogger Logger { get; }

    public RequestTokenCounter Counter { get; }

    public TimeSpan Expiration { get; }

    public TimeSpan StoreTimeout { get; }

    public float MaxTemperature { get; }

    public Func<Metering.CallTags, string?> Partition { get; }

    public HashSet<string>? IgnoredProperties { get; }

    /// <summary>The app's HybridCache, else a store in this process with the app's IDistributedCache behind it.</summary>
    private static IResponseStore CreateStore(ExactCacheOptions options, PipelineServices services)
    {
        if (services.Find<HybridCache>() is { } hybrid)
        {
            return new HybridResponseStore(hybrid);
        }

        var distributed = services.Find<IDistributedCache>();

        // The one that lives in this process's own memory would keep every answer twice.
        var isInMemory = distributed?.GetType().Name == "MemoryDistributedCache";
        return new InProcessResponseStore(options, isInMemory ? null : distributed, services.Clock);
    }
}
