using LlmThrift.Diagnostics;
using LlmThrift.Vectors;

namespace LlmThrift.SemanticCache;

/// <summary>What a feed changes: the entries of a cache. Those who listen hold it weakly, so that a cache that nobody uses any more does not live on.</summary>
internal sealed class SemanticFeedTarget(SemanticPersistence persistence, SemanticEntries entries, Embedder embedder)
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(5);

    /// <summary>Listens for as long as the store and the target live.</summary>
    /// <returns>A task that ends when everything was read for the first time.</returns>
    public static Task Watch(
        SemanticFeedTarget target,
        ISemanticCacheFeed feed,
        string embeddingModel,
        TimeProvider clock,
        HelperFailures failures
    )
    {
        var loaded = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var weak = new WeakReference<SemanticFeedTarget>(target);
        _ = Task.Run(() => WatchAsync(weak, feed, embeddingModel, loaded, clock, failures));
        return loaded.Task;
    }

    private static async Task WatchAsync(
        WeakReference<SemanticFeedTarget> weak,
        ISemanticCacheFeed feed,
        string embeddingModel,
        TaskCompletionSource loaded,
        TimeProvider clock,
        HelperFailures failures
    )
    {
        while (true)
        {
            try
            {
                await foreach (var change in feed.WatchAsync(embeddingModel, CancellationToken.None).ConfigureAwait(false))
                {
                    if (!await TryTakeAsync(weak, change, loaded, failures).ConfigureAwait(false))
                    {
                        return;
                    }
                }

                // The store was disposed.
                loaded.TrySetResult();
                return;
            }
            catch (Exception exception)
            {
                failures.Report("semantic cache store (feed)", exception);
            }

            await Task.Delay(Pause, clock).ConfigureAwait(false);
        }
    }

    /// <summary>In a method of its own: a variable in the loop would keep the target alive while it waits.</summary>
    private static async Task<bool> TryTakeAsync(
        WeakReference<SemanticFeedTarget> weak,
        SemanticCacheChange change,
        TaskCompletionSource loaded,
        HelperFailures failures
    )
    {
        if (!weak.TryGetTarget(out var target))
        {
            return false;
        }

        try
        {
            await target.TakeAsync(change).ConfigureAwait(false);
        }
        catch (Exception exception)
        {
            failures.Report("semantic cache store (read)", exception);
        }

        if (change.Kind == SemanticCacheChangeKind.Reload)
        {
            loaded.TrySetResult();
        }

        return true;
    }

    private Task TakeAsync(SemanticCacheChange change)
    {
        if (change.Kind == SemanticCacheChangeKind.Reload)
        {
            return persistence.LoadAsync(entries, embedder);
        }

        persistence.Apply(change, entries, embedder);
        return Task.CompletedTask;
    }
}
