using System.Collections.Concurrent;
using Microsoft.Extensions.Caching.Distributed;

namespace LlmThrift.TestKit;

/// <summary>A distributed cache in memory that can be made to fail, and whose payloads can be damaged.</summary>
public sealed class MemoryDistributedStore : IDistributedCache
{
    private int _asked;

    public ConcurrentDictionary<string, byte[]> Entries { get; } = new();

    /// <summary>When set, every operation throws it.</summary>
    public Exception? Failure { get; set; }

    /// <summary>When set, every operation waits for it.</summary>
    public Task? Gate { get; set; }

    /// <summary>Reads and writes that were begun.</summary>
    public int Asked
    {
        get => Volatile.Read(ref _asked);
        set => Volatile.Write(ref _asked, value);
    }

    public byte[]? Get(string key) => throw new NotSupportedException("Only asynchronous operations are expected.");

    public async Task<byte[]?> GetAsync(string key, CancellationToken token = default)
    {
        await PassAsync(token);
        return Entries.GetValueOrDefault(key);
    }

    public void Set(string key, byte[] value, DistributedCacheEntryOptions options) =>
        throw new NotSupportedException("Only asynchronous operations are expected.");

    public async Task SetAsync(string key, byte[] value, DistributedCacheEntryOptions options, CancellationToken token = default)
    {
        await PassAsync(token);
        Entries[key] = value;
    }

    public void Refresh(string key) { }

    public Task RefreshAsync(string key, CancellationToken token = default) => Task.CompletedTask;

    public void Remove(string key) => Entries.TryRemove(key, out _);

    public Task RemoveAsync(string key, CancellationToken token = default)
    {
        Entries.TryRemove(key, out _);
        return Task.CompletedTask;
    }

    private async Task PassAsync(CancellationToken token)
    {
        Interlocked.Increment(ref _asked);
        await Task.Yield();
        if (Gate is { } gate)
        {
            await gate.WaitAsync(token);
        }

        if (Failure is { } failure)
        {
            throw failure;
        }
    }
}
