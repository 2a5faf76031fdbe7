using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using System.Threading.Channels;
using LlmThrift.SemanticCache;

namespace LlmThrift.TestKit;

/// <summary>A store in memory that tells everybody, also who did it, of what is saved and removed.</summary>
public sealed class MemorySemanticFeed : ISemanticCacheStore, ISemanticCacheFeed
{
    private readonly ConcurrentDictionary<Channel<SemanticCacheChange>, bool> _watchers = new();

    public MemorySemanticStore Store { get; } = new();

    public ConcurrentQueue<string> Removals { get; } = new();

    public int Watchers => _watchers.Count;

    public IAsyncEnumerable<StoredSemanticAnswer> LoadAnswersAsync(DateTimeOffset now, CancellationToken cancellationToken) =>
        Store.LoadAnswersAsync(now, cancellationToken);

    public IAsyncEnumerable<StoredSemanticEntry> LoadEntriesAsync(
        string embeddingModel,
        DateTimeOffset now,
        CancellationToken cancellationToken
    ) => Store.LoadEntriesAsync(embeddingModel, now, cancellationToken);

    public async ValueTask SaveAsync(StoredSemanticEntry entry, StoredSemanticAnswer answer, CancellationToken cancellationToken)
    {
        await Store.SaveAsync(entry, answer, cancellationToken);
        Tell(
            new SemanticCacheChange
            {
                Kind = SemanticCacheChangeKind.Saved,
                EntryId = entry.Id,
                Entry = entry,
                Answer = answer,
            }
        );
    }

    public async ValueTask RemoveAsync(string entryId, CancellationToken cancellationToken)
    {
        Removals.Enqueue(entryId);
        await Store.RemoveAsync(entryId, cancellationToken);
        Tell(new SemanticCacheChange { Kind = SemanticCacheChangeKind.Removed, EntryId = entryId });
    }

    /// <summary>Tells everybody.</summary>
    public void Tell(SemanticCacheChange change)
    {
        foreach (var watcher in _watchers.Keys)
        {
            watcher.Writer.TryWrite(change);
        }
    }

    /// <summary>Cuts everybody off, with an error.</summary>
    public void Cut(Exception exception)
    {
        foreach (var watcher in _watchers.Keys)
        {
            watcher.Writer.TryComplete(exception);
        }
    }

    public async IAsyncEnumerable<SemanticCacheChange> WatchAsync(
        string embeddingModel,
        [EnumeratorCancellation] CancellationToken cancellationToken
    )
    {
        var channel = Channel.CreateUnbounded<SemanticCacheChange>();
        channel.Writer.TryWrite(new SemanticCacheChange { Kind = SemanticCacheChangeKind.Reload });
        _watchers[channel] = true;
        try
        {
            await foreach (var change in channel.Reader.ReadAllAsync(cancellationToken))
            {
                yield return change;
            }
        }
        finally
        {
            _watchers.TryRemove(channel, out _);
        }
    }
}
