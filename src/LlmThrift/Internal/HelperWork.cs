namespace LlmThrift.Internal;

/// <summary>
/// Work of a helper that a call waits for only so long. What it cost is on the call's record when it was done in time, and on a record of its own, with the
/// same tags, when the call went on without it: either way it is billed once.
/// </summary>
internal static class HelperWork
{
    /// <summary>Begins the work on another thread and waits for it.</summary>
    /// <param name="work">The work, which bills the ledger that it is given and throws nothing.</param>
    /// <param name="call">The call; null where none is metered.</param>
    /// <param name="timeout">How long the call waits.</param>
    /// <param name="clock">The clock.</param>
    /// <param name="cancellationToken">Cancels the waiting, not the work.</param>
    /// <returns>Whether the work was done in time.</returns>
    /// <exception cref="OperationCanceledException"><paramref name="cancellationToken"/> was cancelled.</exception>
    public static async Task<bool> RunAsync(
        Func<CallContext?, Task> work,
        CallContext? call,
        TimeSpan timeout,
        TimeProvider clock,
        CancellationToken cancellationToken
    )
    {
        var ledger = call?.Meter is null ? null : call.ForUpkeep();
        var startedAt = clock.GetUtcNow();

        // A helper that computes in this process may not give the caller's thread back before it is done.
        var working = Task.Run(() => work(ledger), CancellationToken.None);
        try
        {
            await working.WaitAsync(timeout, clock, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is TimeoutException or OperationCanceledException)
        {
            if (ledger is not null)
            {
                _ = BillLaterAsync(working, ledger, startedAt);
            }

            if (exception is OperationCanceledException)
            {
                throw;
            }

            return false;
        }

        if (ledger is not null)
        {
            call!.Adopt(ledger);
        }

        return true;
    }

    private static async Task BillLaterAsync(Task working, CallContext ledger, DateTimeOffset startedAt)
    {
        await working.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        ledger.Meter!.CloseUpkeep(ledger, startedAt);
    }
}
