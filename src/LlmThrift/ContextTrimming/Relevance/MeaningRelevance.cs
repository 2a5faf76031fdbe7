using LlmThrift.Diagnostics;
using LlmThrift.Internal;
using LlmThrift.Tokens;
using LlmThrift.Vectors;
using Microsoft.Extensions.AI;

namespace LlmThrift.ContextTrimming;

/// <summary>How close blocks are to a question in meaning, by the app's embedding generator. Never throws what that throws.</summary>
internal sealed class MeaningRelevance(
    IEmbeddingGenerator<string, Embedding<float>> generator,
    TimeSpan timeout,
    RequestTokenCounter counter,
    TimeProvider clock,
    HelperFailures failures
)
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    private readonly EmbeddingBilling _billing = new(generator, CostStages.ContextTrimming, clock, counter);
    private readonly Lock _gate = new();

    /// <summary>The similarity of each block to the question, in standard deviations from the mean; null when the embeddings are not there in time.</summary>
    /// <param name="messages">The conversation.</param>
    /// <param name="facts">Of each message; they get their vectors.</param>
    /// <param name="asked">The message that is the question.</param>
    /// <param name="blocks">The blocks to score.</param>
    /// <param name="call">What the embeddings are billed to; null for none.</param>
    /// <param name="cancellationToken">Cancels waiting for them.</param>
    public async ValueTask<double[]?> ScoreAsync(
        IReadOnlyList<ChatMessage> messages,
        MessageFacts[] facts,
        int asked,
        List<ContextBlock> blocks,
        CallContext? call,
        CancellationToken cancellationToken
    )
    {
        var needed = blocks.SelectMany(block => block.Messages).Append(asked).ToList();
        if (!await EmbedAsync(needed, messages, facts, call, cancellationToken).ConfigureAwait(false))
        {
            return null;
        }

        var similarities = new double[blocks.Count];
        for (var i = 0; i < similarities.Length; i++)
        {
            similarities[i] = blocks[i].Messages.Max(message => Similarity(facts[asked], facts[message]));
        }

        Scores.Standardize(similarities);
        return similarities;
    }

    private async ValueTask<bool> EmbedAsync(
        List<int> needed,
        IReadOnlyList<ChatMessage> messages,
        MessageFacts[] facts,
        CallContext? call,
        CancellationToken cancellationToken
    )
    {
        if (needed.TrueForAll(message => facts[message].Vector is not null))
        {
            return true;
        }

        var mine = new List<(MessageFacts Facts, string Text)>();
        var others = new List<Task>();
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_gate)
        {
            foreach (var message in needed.Where(message => facts[message].Vector is null))
            {
                if (facts[message].Embedding is { IsCompleted: false } inWork)
                {
                    // An earlier call went on without it: it is on its way, and paid for.
                    others.Add(inWork);
                }
                else
                {
                    facts[message].Embedding = done.Task;
                    mine.Add((facts[message], SearchText.Of(messages[message])));
                }
            }
        }

        var isInTime = await HelperWork
            .RunAsync(ledger => WorkAsync(mine, others, done, ledger), call, timeout, clock, cancellationToken)
            .ConfigureAwait(false);
        return isInTime && needed.TrueForAll(message => facts[message].Vector is not null);
    }

    /// <summary>The cosine similarity; 0 where one of them has no vector.</summary>
    private static double Similarity(MessageFacts left, MessageFacts right) =>
        left.Vector is { Length: > 0 } a && right.Vector is { Length: > 0 } b && a.Length == b.Length ? UnitVectors.Dot(a, b) : 0;

    private async Task WorkAsync(
        List<(MessageFacts Facts, string Text)> mine,
        List<Task> others,
        TaskCompletionSource done,
        CallContext? ledger
    )
    {
        if (mine.Count > 0)
        {
            await EmbedAllAsync(mine, ledger).ConfigureAwait(false);
        }

        done.SetResult();
        await Task.WhenAll(others).ConfigureAwait(false);
    }

    private async Task EmbedAllAsync(List<(MessageFacts Facts, string Text)> items, CallContext? ledger)
    {
        var started = clock.GetTimestamp();
        try
        {
            using var cancellation = new CancellationTokenSource(Limit, clock);
            var embeddings = await generator
                .GenerateAsync(items.Select(item => item.Text), cancellationToken: cancellation.Token)
                .ConfigureAwait(false);
            if (ledger is not null)
            {
                _billing.Bill(ledger, items.Select(item => item.Text), embeddings.Usage?.InputTokenCount, clock.GetElapsedTime(started));
            }

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
