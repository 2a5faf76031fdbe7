using LlmThrift.Internal;

namespace LlmThrift.Budgets;

/// <summary>
/// The ledger, within its time and with what it missed: settlements that fail are kept and tried again, reservations of calls under way are renewed, and a ledger that has just
/// failed is left alone for a while. Safe for concurrent use.
/// </summary>
internal sealed class LedgerAccess : IDisposable
{
    private const string Name = "budget ledger";
    private const int MaxBacklog = 100_000;
    private static readonly TimeSpan RestAfterFailure = TimeSpan.FromSeconds(2);

    private readonly IBudgetLedger _ledger;
    private readonly PipelineServices _services;
    private readonly TimeSpan _timeout;
    private readonly TimeSpan _lease;
    private readonly Lock _gate = new();
    private readonly HashSet<Guid> _live = [];
    private readonly Queue<(Guid Id, IReadOnlyList<BudgetPosting> Postings)> _backlog = new();
    private ITimer? _renewals;
    private Task _catchingUp = Task.CompletedTask;
    private long _restsUntil;

    public LedgerAccess(IBudgetLedger ledger, TimeSpan timeout, TimeSpan lease, PipelineServices services)
    {
        (_ledger, _timeout, _lease, _services) = (ledger, timeout, lease, services);
        IsInProcess = ledger is InMemoryBudgetLedger;
    }

    /// <summary>True where nothing can fail, nothing needs renewing, and whoever gives back is in this process.</summary>
    public bool IsInProcess { get; }

    /// <summary>Settlements that wait for the ledger.</summary>
    public int Waiting
    {
        get
        {
            lock (_gate)
            {
                return _backlog.Count;
            }
        }
    }

    /// <exception cref="OperationCanceledException">The caller cancelled.</exception>
    /// <exception cref="LedgerFailedException">It could not be asked.</exception>
    public async ValueTask<BudgetReservationResult> ReserveAsync(Guid id, BudgetClaim[] claims, CancellationToken cancellationToken)
    {
        var reservation = new BudgetReservation
        {
            Id = id,
            Claims = claims,
            Lease = _lease,
        };
        if (IsInProcess)
        {
            return await _ledger.ReserveAsync(reservation, cancellationToken).ConfigureAwait(false);
        }

        if (_services.Clock.GetUtcNow().UtcTicks < Volatile.Read(ref _restsUntil))
        {
            throw new LedgerFailedException(new TimeoutException("The ledger of the budgets has just failed, and is asked again soon."));
        }

        Keep(id);
        var isGranted = false;
        try
        {
            var result = await WithinAsync(
                    (ledger: _ledger, reservation),
                    static (state, token) => state.ledger.ReserveAsync(state.reservation, token),
                    cancellationToken
                )
                .ConfigureAwait(false);
            isGranted = result.IsGranted;
            return result;
        }
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
        {
            Rest(exception);
            throw new LedgerFailedException(exception);
        }
        finally
        {
            if (!isGranted)
            {
                Forget(id);
            }
        }
    }

    /// <summary>Settles, now or later. Never throws.</summary>
    public async ValueTask SettleAsync(Guid id, IReadOnlyList<BudgetPosting> postings)
    {
        if (IsInProcess)
        {
            await _ledger.SettleAsync(id, postings, CancellationToken.None).ConfigureAwait(false);
            return;
        }

        try
        {
            if (_services.Clock.GetUtcNow().UtcTicks >= Volatile.Read(ref _restsUntil))
            {
                await SettleNowAsync(id, postings).ConfigureAwait(false);
                return;
            }
        }
        catch (Exception exception)
        {
            Rest(exception);
        }
        finally
        {
            Forget(id);
        }

        lock (_gate)
        {
            if (_backlog.Count >= MaxBacklog)
            {
                _backlog.Dequeue();
                _services.Failures.Report(Name, new InvalidOperationException("Too many settlements wait."));
            }

            _backlog.Enqueue((id, postings));
            if (_catchingUp.IsCompleted)
            {
                _catchingUp = Task.Run(CatchUpAsync);
            }
        }
    }

    public async ValueTask<IReadOnlyList<BudgetAccount>> GetAccountsAsync(
        string budget,
        DateTimeOffset windowStart,
        int maxAccounts,
        CancellationToken cancellationToken
    ) => await _ledger.GetAccountsAsync(budget, windowStart, maxAccounts, cancellationToken).ConfigureAwait(false);

    /// <summary>Ends when no settlement waits for the ledger any more.</summary>
    public async Task FlushAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            Task catchingUp;
            lock (_gate)
            {
                if (_backlog.Count == 0)
                {
                    return;
                }

                catchingUp = _catchingUp;
            }

            await catchingUp.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    public void Dispose() => _renewals?.Dispose();

    private async Task CatchUpAsync()
    {
        var pause = TimeSpan.FromSeconds(1);
        while (true)
        {
            (Guid Id, IReadOnlyList<BudgetPosting> Postings) next;
            lock (_gate)
            {
                if (!_backlog.TryPeek(out next))
                {
                    return;
                }
            }

            try
            {
                await SettleNowAsync(next.Id, next.Postings).ConfigureAwait(false);
                Volatile.Write(ref _restsUntil, 0);
                pause = TimeSpan.FromSeconds(1);
                lock (_gate)
                {
                    if (_backlog.TryPeek(out var first) && first.Id == next.Id)
                    {
                        _backlog.Dequeue();
                    }
                }
            }
            catch (Exception exception)
            {
                _services.Failures.Report(Name, exception);
                await Task.Delay(pause, _services.Clock).ConfigureAwait(false);
                pause = TimeSpan.FromSeconds(Math.Min(10, pause.TotalSeconds * 2));
            }
        }
    }

    private async ValueTask SettleNowAsync(Guid id, IReadOnlyList<BudgetPosting> postings) =>
        await WithinAsync(
                (ledger: _ledger, id, postings),
                static async (state, token) =>
                {
                    await state.ledger.SettleAsync(state.id, state.postings, token).ConfigureAwait(false);
                    return true;
                },
                CancellationToken.None
            )
            .ConfigureAwait(false);

    private async ValueTask<TResult> WithinAsync<TState, TResult>(
        TState state,
        Func<TState, CancellationToken, ValueTask<TResult>> work,
        CancellationToken cancellationToken
    )
    {
        using var timeout = new CancellationTokenSource(_timeout, _services.Clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellationToken);
        var pending = work(state, either.Token);
        if (pending.IsCompleted)
        {
            return await pending.ConfigureAwait(false);
        }

        // A ledger that does not listen to its token must not hold up the call.
        return await pending.AsTask().WaitAsync(either.Token).ConfigureAwait(false);
    }

    private void Rest(Exception exception)
    {
        _services.Failures.Report(Name, exception);
        Volatile.Write(ref _restsUntil, (_services.Clock.GetUtcNow() + RestAfterFailure).UtcTicks);
    }

    private void Keep(Guid id)
    {
        lock (_gate)
        {
            _live.Add(id);
            var period = _lease / 3;
            if (_renewals is null)
            {
                _renewals = _services.Clock.CreateTimer(static state => ((LedgerAccess)state!).Renew(), this, period, period);
            }
            else if (_live.Count == 1)
            {
                _renewals.Change(period, period);
            }
        }
    }

    private void Forget(Guid id)
    {
        lock (_gate)
        {
            _live.Remove(id);
        }
    }

    private void Renew()
    {
        Guid[] ids;
        lock (_gate)
        {
            if (_live.Count == 0)
            {
                _renewals!.Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
                return;
            }

            ids = [.. _live];
        }

        _ = RenewAsync(ids);
    }

    private async Task RenewAsync(Guid[] ids)
    {
        try
        {
            await WithinAsync(
                    (ledger: _ledger, ids, lease: _lease),
                    static async (state, token) =>
                    {
                        await state.ledger.RenewAsync(state.ids, state.lease, token).ConfigureAwait(false);
                        return true;
                    },
                    CancellationToken.None
                )
                .ConfigureAwait(false);
        }
        catch (Exception exception)
        {
            _services.Failures.Report(Name, exception);
        }
    }
}
