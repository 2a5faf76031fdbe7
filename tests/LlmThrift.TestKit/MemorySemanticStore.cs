using System.Collections.Concurrent;
using LlmThrift.SemanticCache;

namespace LlmThrift.TestKit;

/// <summary>A semantic cache's store in memory that can be made to fail, to wait, and whose payloads can be damaged.</summary>
public sealed class MemorySemanticStore : ISemanticCacheStore
{
    public ConcurrentDictionary<string, StoredSemanticEntry> Entries { get; } = new();

    public ConcurrentDictionary<string, StoredSemanticAnswer> Answers { get; } = new();

    /// <summary>When set, every operation throws it.</summary>
    public Exception? Failure { get; set; }

    /// <summary>When set, every operation waits for it.</summary>
    public Task? Gate { get; set; }

    public async IAsyncEnumerable<StoredSemanticAnswer> LoadAnswersAsync(
        DateTimeOffset now,
        [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken
    )
    {
        await PassAsync(cancellationToken);
        foreach (var answer in Answers.Values)
        {
            yield return answer;
        }
    }

    public async IAsyncEnumerable<StoredSemanticEntry> LoadEntriesAsync(
        string embeddingModel,
        DateTimeOffset now,
        [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken
    )
    {
        await PassAsync(cancellationToken);
        foreach (var entry in Entries.Values)
        {
            yield return entry;
        }
    }

    public async ValueTask SaveAsync(StoredSemanticEntry entry, StoredSemanticAnswer answer, CancellationToken cancellationToken)
    {
        await PassAsync(cancellationToken);
        Entries[entry.Id] = entry;
        Answers[answer.Id] = answer;
    }

    public async ValueTask RemoveAsync(string entryId, CancellationToken cancellationToken)
    {
        await PassAsync(cancellationToken);
        if (Entries.TryRemove(entryId, out var entry) && !Entries.Values.Any(other => other.AnswerId == entry.AnswerId))
        {
            Answers.TryRemove(entry.AnswerId, out _);
        }
    }

    private async Task PassAsync(CancellationToken token)
    {
        await Task.Yield();
        token.ThrowIfCancellationRequested();
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
