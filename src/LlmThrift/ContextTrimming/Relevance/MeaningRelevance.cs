using LlmThrift.Diagnostics;
using LlmThrift.Internal;
using Microsoft.Extensions.AI;

namespace LlmThrift.ContextTrimming;

/// <summary>How close blocks are to a question in meaning, by the app's embedding generator. Never throws what that throws.</summary>
internal sealed class MeaningRelevance(
    IEmbeddingGenerator<string, Embedding<float>> generator,
    TimeSpan timeout,
    TimeProvider clock,
    HelperFailures failures
)
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    /// <summary>Sees to it that facts have vectors, and waits for that only so long.</summary>
    /// <returns>True when all have one, or turned out to have none.</returns>
    public async ValueTask<bool> EmbedAsync(IReadOnlyList<(MessageFacts Facts, string Text)> items, CancellationToken cancellationToken)
    {
        var missing = items.Where(item => item.Facts.Vector is null).ToList();
        if (missing.Count == 0)
        {
            return true;
        }

        try
        {
            // On another thread: a generator that computes in this process may not give the caller's back before it is done.
            await Task.Run(() => EmbedAllAsync(missing), CancellationToken.None)
                .WaitAsync(timeout, clock, cancellationToken)
                .ConfigureAwait(false);
            return missing.TrueForAll(item => item.Facts.Vector is not null);
        }
        catch (TimeoutException)
        {
            return false;
        }
    }

    /// <summary>The cosine similarity; 0 where one of them has no vector.</summary>
    public static double Similarity(MessageFacts left, MessageFacts right) =>
        left.Vector is { Length: > 0 } a && right.Vector is { Length: > 0 } b && a.Length == b.Length ? UnitVectors.Dot(a, b) : 0;

    private async Task EmbedAllAsync(List<(MessageFacts Facts, string Text)> items)
    {
        try
        {
            using var cancellation = new CancellationTokenSource(Limit, clock);
            var embeddings = await generator
                .GenerateAsync(items.Select(item => item.Text), cancellationToken: cancellation.Token)
                .ConfigureAwait(false);
            if (embeddings.Count != items.Count)
            {
                throw new InvalidDataException($"The embedding generator gave {embeddings.Count} embeddings for {items.Count} texts.");
            }

            for (var i = 0; i < items.Count; i++)
            {
                items[i].Facts.Vector = UnitVectors.TryNormalize(embeddings[i].Vector.Span, out var unit) ? unit : [];
            }
        }
        catch (Exception exception)
        {
            failures.Report("embedding generator", exception);
        }
    }
}
