using LlmThrift.Diagnostics;
using LlmThrift.Internal;
using LlmThrift.Internal.Caching;
using LlmThrift.Tokens;
using Microsoft.Extensions.Caching.Distributed;
using Microsoft.Extensions.Caching.Hybrid;

namespace LlmThrift.ExactCache;

/// <summary>What all clients of one registration share: the stored answers, the requests under way, and how to treat them.</summary>
internal sealed class ExactCacheState : CacheState
{
    public ExactCacheState(ExactCacheOptions options, PipelineServices services, RequestTokenCounter counter)
        : base(
            CostStages.ExactCache,
            new CacheRules(options.MaxTemperature, options.Partition, options.IgnoredProperties),
            services,
            counter
        )
    {
        Store = CreateStore(options, services);
        Manager = new ExactCacheManager(Store);
        Expiration = options.Expiration;
        StoreTimeout = options.StoreTimeout;
        StoreRest = new HelperRest(services.Clock);
    }

    public IResponseStore Store { get; }

    public ExactCacheManager Manager { get; }

    public TimeSpan Expiration { get; }

    public TimeSpan StoreTimeout { get; }

    /// <summary>Of the store outside of this process.</summary>
    public HelperRest StoreRest { get; }

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
