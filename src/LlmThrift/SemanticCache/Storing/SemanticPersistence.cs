using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text;
using System.Threading.Channels;
using LlmThrift.Diagnostics;
using LlmThrift.Internal;
using LlmThrift.Internal.Caching;
using LlmThrift.Vectors;

namespace LlmThrift.SemanticCache;

/// <summary>Brings entries from a store and to it, in order, in the background. What fails is counted and left.</summary>
#pragma warning disable CA1001 // The semaphore holds no handle unless asked for one.
internal sealed class SemanticPersistence(ISemanticCacheStore store, TimeSpan timeout, TimeProvider clock, HelperFailures failures)
#pragma warning restore CA1001
{
    private const int MaxQueued = 10_000;

    private readonly Channel<Func<CancellationToken, ValueTask>> _writes = Channel.CreateBounded<Func<CancellationToken, ValueTask>>(
        new BoundedChannelOptions(MaxQueued) { FullMode = BoundedChannelFullMode.Wait }
    );
    private readonly SemaphoreSlim _writing = new(1);
    private readonly BackgroundWork _background = new(failures);

    /// <summary>Entries by the ids that a feed names; null where there is no feed.</summary>
    private readonly ConcurrentDictionary<string, SemanticEntry>? _known = store is ISemanticCacheFeed ? new(StringComparer.Ordinal) : null;

    private SemanticFeedTarget? _target;
    private int _isLoaded;

    /// <summary>Begins to read everything, at the first call of this method; and to listen, where the store has a feed.</summary>
    public void LoadOnce(SemanticEntries entries, Embedder embedder)
    {
        if (Volatile.Read(ref _isLoaded) != 0 || Interlocked.Exchange(ref _isLoaded, 1) != 0)
        {
            return;
        }

        if (store is ISemanticCacheFeed feed)
        {
            _target = new SemanticFeedTarget(this, entries, embedder);
            var loading = SemanticFeedTarget.Watch(_target, feed, embedder.Model, clock, failures);
            _background.Run("semantic cache store (read)", () => loading.WaitAsync(timeout, clock));
        }
        else
        {
            _background.Run("semantic cache store (read)", () => LoadAsync(entries, embedder));
        }
    }

    /// <summary>Ends when nothing is being read or written.</summary>
    public Task WhenIdleAsync() => _background.WhenIdleAsync();

    public void Save(SemanticEntry entry, string model)
    {
        var (group, answer) = (entry.Group, entry.Group.Answer);
        Remember(entry);
        Enqueue(token =>
            store.SaveAsync(
                new StoredSemanticEntry
                {
                    Id = IdOf(entry),
                    Scope = entry.Scope.Key,
                    Question = entry.Question,
                    Vector = entry.Vector,
                    EmbeddingModel = model,
                    AnswerId = group.Id,
                    CreatedAt = entry.CreatedAt,
                    ExpiresAt = entry.ExpiresAt,
                    Tags = entry.Tags,
                },
                new StoredSemanticAnswer
                {
                    Id = group.Id,
                    Payload = ResponsePayload.Write(answer.Response),
                    ExpiresAt = answer.ExpiresAt,
                },
                token
            )
        );
    }

    public void Remove(SemanticEntry entry)
    {
        _known?.TryRemove(new(IdOf(entry), entry));
        Enqueue(token => store.RemoveAsync(IdOf(entry), token));
    }

    /// <summary>Takes over what another process has done.</summary>
    public void Apply(SemanticCacheChange change, SemanticEntries entries, Embedder embedder)
    {
        if (change.Kind == SemanticCacheChangeKind.Removed)
        {
            if (_known?.TryRemove(change.EntryId, out var gone) == true)
            {
                entries.RemoveSilently(gone);
            }

            return;
        }

        if (
            change is { Entry: { } entry, Answer: { } answer }
            && answer.ExpiresAt > clock.GetUtcNow()
            && ResponsePayload.TryRead(answer.Payload.Span) is { } response
            && TryGetVector(entry, embedder, out var vector)
        )
        {
            var group = new AnswerGroup(answer.Id, new CachedAnswer(response, answer.ExpiresAt));
            Remember(entries.Merge(entry.Scope, entry.Question, vector, group, entry.CreatedAt, entry.ExpiresAt, entry.Tags));
        }
    }

    private static string IdOf(SemanticEntry entry) =>
        Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(entry.Scope.Key + "\n" + entry.Question)));

    private static bool TryGetVector(StoredSemanticEntry entry, Embedder embedder, [NotNullWhen(true)] out float[]? vector)
    {
        vector = null;
        return entry.EmbeddingModel == embedder.Model
            && embedder.IsOfRightLength(entry.Vector.Length)
            && UnitVectors.TryNormalize(entry.Vector.Span, out vector);
    }

    private void Remember(SemanticEntry? entry)
    {
        if (entry is not null && _known is not null)
        {
            _known[IdOf(entry)] = entry;
        }
    }

    private void Enqueue(Func<CancellationToken, ValueTask> write)
    {
        if (!_writes.Writer.TryWrite(write))
        {
            failures.Report("semantic cache store (write)", new InvalidOperationException("Too much is waiting."));
            return;
        }

        _background.Run("semantic cache store (write)", WriteNextAsync);
    }

    /// <summary>Each piece of work writes the oldest of what is waiting, whoever it was made for: the order is that of the queue.</summary>
    private async Task WriteNextAsync()
    {
        await _writing.WaitAsync().ConfigureAwait(false);
        try
        {
            if (_writes.Reader.TryRead(out var write))
            {
                using var cancellation = new CancellationTokenSource(timeout, clock);
                await write(cancellation.Token).AsTask().WaitAsync(cancellation.Token).ConfigureAwait(false);
            }
        }
        finally
        {
            _writing.Release();
        }
    }

    /// <summary>Reads everything; what is here already stays.</summary>
    public async Task LoadAsync(SemanticEntries entries, Embedder embedder)
    {
        var now = clock.GetUtcNow();
        var groups = new Dictionary<string, AnswerGroup>();
        await foreach (var answer in store.LoadAnswersAsync(now, CancellationToken.None).ConfigureAwait(false))
        {
            if (answer.ExpiresAt > now && ResponsePayload.TryRead(answer.Payload.Span) is { } response)
            {
                groups[answer.Id] = new AnswerGroup(answer.Id, new CachedAnswer(response, answer.ExpiresAt));
            }
        }

        await foreach (var entry in store.LoadEntriesAsync(embedder.Model, now, CancellationToken.None).ConfigureAwait(false))
        {
            if (groups.TryGetValue(entry.AnswerId, out var group) && TryGetVector(entry, embedder, out var vector))
            {
                // What this process has learnt meanwhile is newer.
                Remember(
                    entries.Add(entry.Scope, entry.Question, vector, group, entry.CreatedAt, entry.ExpiresAt, entry.Tags, replaces: false)
                );
            }
        }
    }
}
