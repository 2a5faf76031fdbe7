using System.Collections.Concurrent;
using LlmThrift.ExactCache;
using LlmThrift.TestKit;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.Caching.Hybrid;
using Xunit;

namespace LlmThrift.Tests.ExactCache;

/// <summary>The app's own HybridCache is used when it registers one.</summary>
public sealed class HybridCacheStoreTests
{
    [Fact]
    public async Task Registered_hybrid_cache_keeps_the_answers()
    {
        var cache = new SmallHybridCache();
        using var provider = new ScriptedChatClient();
        using var one = provider.AsBuilder().UseCostControls().Build(new FewServices().With<HybridCache>(cache));
        using var other = provider.AsBuilder().UseCostControls().Build(new FewServices().With<HybridCache>(cache));

        await one.GetStreamingResponseAsync("q", new ChatOptions().WithCacheTags("red")).ToListAsync();
        await UntilAsync(() => cache.Entries.Count == 1);
        Assert.Equal("Hello, world.", (await other.GetResponseAsync("q", new ChatOptions().WithCacheTags("red"))).Text);
        Assert.Equal(1, provider.Calls);
        Assert.Equal(["llmthrift", "red"], cache.Entries.Values.Single().Tags);

        await other.GetService<ExactCacheManager>()!.RemoveByTagAsync("red");
        await one.GetResponseAsync("q");
        Assert.Equal(2, provider.Calls);
        await UntilAsync(() => cache.Entries.Count == 1);

        await other.GetService<ExactCacheManager>()!.ClearAsync();
        Assert.Empty(cache.Entries);
    }

    private static async Task UntilAsync(Func<bool> condition)
    {
        using var timeout = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        while (!condition())
        {
            await Task.Delay(5, timeout.Token);
        }
    }

    private sealed class SmallHybridCache : HybridCache
    {
        public ConcurrentDictionary<string, (object? Value, string[] Tags)> Entries { get; } = new();

        public override async ValueTask<T> GetOrCreateAsync<TState, T>(
            string key,
            TState state,
            Func<TState, CancellationToken, ValueTask<T>> factory,
            HybridCacheEntryOptions? options = null,
            IEnumerable<string>? tags = null,
            CancellationToken cancellationToken = default
        )
        {
            await Task.Yield();
            if (Entries.TryGetValue(key, out var entry))
            {
                return (T)entry.Value!;
            }

            return options?.Flags is { } flags && flags.HasFlag(HybridCacheEntryFlags.DisableUnderlyingData)
                ? default!
                : await factory(state, cancellationToken);
        }

        public override ValueTask SetAsync<T>(
            string key,
            T value,
            HybridCacheEntryOptions? options = null,
            IEnumerable<string>? tags = null,
            CancellationToken cancellationToken = default
        )
        {
            Entries[key] = (value, [.. tags ?? []]);
            return ValueTask.CompletedTask;
        }

        public override ValueTask RemoveAsync(string key, CancellationToken cancellationToken = default)
        {
            Entries.TryRemove(key, out _);
            return ValueTask.CompletedTask;
        }

        public override ValueTask RemoveByTagAsync(string tag, CancellationToken cancellationToken = default)
        {
            foreach (var key in Entries.Where(entry => entry.Value.Tags.Contains(tag)).Select(entry => entry.Key))
            {
                Entries.TryRemove(key, out _);
            }

            return ValueTask.CompletedTask;
        }
    }
}
