using System.Diagnostics.CodeAnalysis;
using System.Runtime.ExceptionServices;
using Microsoft.Extensions.AI;

namespace LlmThrift.Internal.Caching;

/// <summary>
/// One request to the provider on behalf of all identical calls under way. It belongs to none of them: it goes on while any of them waits, and is
/// cancelled when the last has left. The leader (who came first) pays; when it leaves early, the next one that gets the answer does; when
/// all leave, the last.
/// </summary>
#pragma warning disable CA1001 // The source has neither timer nor handle to free, and may still be cancelled by the last waiter after the end.
internal sealed class Flight(CallContext ledger, bool isStreaming)
#pragma warning restore CA1001
{
    private readonly Lock _gate = new();
    private readonly CancellationTokenSource _cancellation = new();
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly List<(ChatResponseUpdate Original, ChatResponseUpdate Copy)> _updates = [];
    private TaskCompletionSource? _moreUpdates;
    private ExceptionDispatchInfo? _failure;
    private ChatResponse? _original;
    private RecordedResponse? _recorded;
    private ServedAnswer? _served;
    private bool _isHit;
    private bool _isOver;
    private bool _leaderHasLeft;
    private bool _isPaid;
    private int _waiters = 1;

    /// <summary>The costs of the work, until somebody takes them over.</summary>
    public CallContext Ledger { get; } = ledger;

    /// <summary>True when updates can be read while they arrive.</summary>
    public bool IsStreaming { get; } = isStreaming;

    /// <summary>Cancelled when nobody waits any more.</summary>
    public CancellationToken CancellationToken => _cancellation.Token;

    /// <summary>Ends when the answer is there, or the failure.</summary>
    public Task Ended => _ended.Task;

    /// <summary>The recorded answer after the end; null when it cannot be replayed.</summary>
    public RecordedResponse? Recorded => _recorded;

    /// <summary>The provider's own response, for the leader; null when streaming or found in a store.</summary>
    public ChatResponse? Original => _original;

    /// <summary>As what a cache served the answer, this one or one further in; null when the provider gave it.</summary>
    public ServedAnswer? Served => _served;

    /// <summary>True when the answer was found in a store after all.</summary>
    public bool IsHit => _isHit;

    /// <summary>Adds a waiter; false when all have left and the work is being cancelled, or when it has failed: a later call tries anew.</summary>
    public bool TryJoin()
    {
        lock (_gate)
        {
            if (_failure is not null || (_waiters == 0 && !_isOver))
            {
                return false;
            }

            _waiters++;
            return true;
        }
    }

    /// <summary>
    /// Adds an update to the stream. The leader will get it as it is, and may change it at once: what the others get is copied now.
    /// </summary>
    public void Publish(ChatResponseUpdate update)
    {
        var copy = UpdateCopy.WithoutUsage(update);
        TaskCompletionSource? waiting;
        lock (_gate)
        {
            _updates.Add((update, copy));
            waiting = _moreUpdates;
            _moreUpdates = null;
        }

        waiting?.TrySetResult();
    }

    /// <summary>Ends with an answer.</summary>
    public void Complete(ChatResponse? original, RecordedResponse? recorded, ServedAnswer? served, bool isHit) =>
        End(() => (_original, _recorded, _served, _isHit) = (original, recorded, served, isHit));

    /// <summary>Ends with a failure, which every waiter gets.</summary>
    public void Fail(Exception exception) => End(() => _failure = ExceptionDispatchInfo.Capture(exception));

    public void ThrowIfFailed() => _failure?.Throw();

    /// <summary>
    /// The update at <paramref name="position"/> if it has arrived. Otherwise <paramref name="more"/> is a task that ends when there may be one,
    /// or null when the stream is over.
    /// </summary>
    public bool TryRead(int position, bool isLeader, [NotNullWhen(true)] out ChatResponseUpdate? update, out Task? more)
    {
        ChatResponseUpdate copy;
        lock (_gate)
        {
            if (position >= _updates.Count)
            {
                update = null;
                more = _isOver
                    ? null
                    : (_moreUpdates ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).Task;
                return false;
            }

            (update, copy) = _updates[position];
        }

        // The buffered copy is written to by nobody: each follower copies it once more, outside of the lock.
        update = isLeader ? update : UpdateCopy.WithoutUsage(copy);
        more = null;
        return true;
    }

    /// <summary>
    /// Takes a waiter off, once, when it has its answer or its failure or will not wait for it, and settles who pays.
    /// </summary>
    /// <returns>True when this waiter pays; its context then has the bill, or a pending one.</returns>
    public bool Leave(CallContext waiter, bool isLeader)
    {
        bool isLast;
        lock (_gate)
        {
            _waiters--;
            isLast = _waiters == 0 && !_isOver;
            _leaderHasLeft |= isLeader;
            var pays = !_isPaid && (isLast || (_isOver && (isLeader || _leaderHasLeft)));
            if (!pays)
            {
                waiter.IsBilledElsewhere = true;
                return false;
            }

            _isPaid = true;
        }

        if (!isLast)
        {
            waiter.Adopt(Ledger);
            return true;
        }

        waiter.PendingBill = AdoptWhenOverAsync(waiter);
        _cancellation.Cancel();
        return true;
    }

    private async Task AdoptWhenOverAsync(CallContext waiter)
    {
        await _ended.Task.ConfigureAwait(false);
        waiter.Adopt(Ledger);
    }

    private void End(Action setResult)
    {
        TaskCompletionSource? waiting;
        lock (_gate)
        {
            setResult();
            _isOver = true;
            waiting = _moreUpdates;
            _moreUpdates = null;
        }

        waiting?.TrySetResult();
        _ended.TrySetResult();
    }
}
