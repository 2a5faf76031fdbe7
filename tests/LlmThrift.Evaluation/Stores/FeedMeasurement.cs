using System.Diagnostics;
using LlmThrift.SemanticCache;

namespace LlmThrift.Evaluation.Stores;

/// <summary>Measures how long it takes until one instance knows what another has written to the semantic cache or removed from it.</summary>
internal static class FeedMeasurement
{
    private const int Entries = 500;
    private const string Model = "all-MiniLM-L6-v2";

    /// <returns>Milliseconds from the beginning of the writing until the other has the entry, or knows that it is gone; rising.</returns>
    public static async Task<(List<double> Saved, List<double> Removed)> RunAsync(ISemanticCacheStore writer, ISemanticCacheFeed reader)
    {
        await using var changes = reader.WatchAsync(Model, default).GetAsyncEnumerator();
        await changes.MoveNextAsync();
        var (saved, removed) = (new List<double>(), new List<double>());
        for (var index = 0; index < Entries; index++)
        {
            Progress.Show($"feed: {index} of {Entries}");
            var since = Stopwatch.GetTimestamp();
            await writer.SaveAsync(Entry(index), Answer(index), default);
            await ExpectAsync(SemanticCacheChangeKind.Saved, index);
            saved.Add(Stopwatch.GetElapsedTime(since).TotalMilliseconds);

            since = Stopwatch.GetTimestamp();
            await writer.RemoveAsync($"entry-{index}", default);
            await ExpectAsync(SemanticCacheChangeKind.Removed, index);
            removed.Add(Stopwatch.GetElapsedTime(since).TotalMilliseconds);
        }

        saved.Sort();
        removed.Sort();
        return (saved, removed);

        async Task ExpectAsync(SemanticCacheChangeKind kind, int index)
        {
            await changes.MoveNextAsync();
            if (changes.Current.Kind != kind || changes.Current.EntryId != $"entry-{index}")
            {
                throw new InvalidOperationException($"What was told is {changes.Current.Kind} of {changes.Current.EntryId}.");
            }
        }
    }

    private static StoredSemanticEntry Entry(int index)
    {
        var vector = new float[384];
        vector[index % vector.Length] = 1;
        return new StoredSemanticEntry
        {
            Id = $"entry-{index}",
            Scope = "scope",
            Question = $"What is the answer to question number {index}?",
            Vector = vector,
            EmbeddingModel = Model,
            AnswerId = $"answer-{index}",
            CreatedAt = TimeProvider.System.GetUtcNow(),
            ExpiresAt = TimeProvider.System.GetUtcNow().AddHours(1),
        };
    }

    private static StoredSemanticAnswer Answer(int index) =>
        new()
        {
            Id = $"answer-{index}",
            Payload = new byte[1_000],
            ExpiresAt = TimeProvider.System.GetUtcNow().AddHours(1),
        };
}
