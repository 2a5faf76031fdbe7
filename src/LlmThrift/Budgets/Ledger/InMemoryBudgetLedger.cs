using System.Runtime.InteropServices;

namespace LlmThrift.Budgets;

/// <summary>A ledger in the process's memory: quick, and gone with the process. Safe for concurrent use.</summary>
/// <remarks>Accounts whose window has passed are forgotten. Ids of the last 65,536 settled reservations are remembered, so that none is settled twice.</remarks>
/// <param name="clock">The clock by which leases run out. Default: the system's.</param>
public sealed class InMemoryBudgetLedger(TimeProvider? clock = null) : IBudgetLedger
{
    private const int RememberedSettlements = 65_536;
    private const int FewAccounts = 1_024;

    private readonly TimeProvider _clock = clock ?? TimeProvider.System;
    private readonly Lock _gate = new();
    private readonly Dictionary<(string Budget, string Group), Account> _accounts = [];
    private readonly Dictionary<Guid, Held> _held = [];
    private readonly PriorityQueue<Guid, long> _expiries = new();
    private readonly Dictionary<Guid, BudgetBalance[]?> _settled = [];
    private readonly Queue<Guid> _settledInOrder = new();
    private int _sweepAt = FewAccounts;

    /// <inheritdoc/>
    public ValueTask<BudgetReservationResult> ReserveAsync(BudgetReservation reservation, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(reservation);
        cancellationToken.ThrowIfCancellationRequested();
        var claims = reservation.Claims;
        var balances = new BudgetBalance[claims.Count];
        lock (_gate)
        {
            var now = _clock.GetUtcNow().UtcTicks;
            FreeExpired(now);
            if (_held.TryGetValue(reservation.Id, out var known))
            {
                return new(new BudgetReservationResult(true, known.Before));
            }

            if (_settled.TryGetValue(reservation.Id, out var before))
            {
                return new(new BudgetReservationResult(true, before ?? balances));
            }

            var fits = true;
            for (var index = 0; index < claims.Count; index++)
            {
                var claim = claims[index];
                balances[index] = _accounts.TryGetValue((claim.Budget, claim.Group), out var account)
                    ? account.Since(claim.WindowStart.UtcTicks)
                    : default;
                fits &= claim.Limit == decimal.MaxValue || balances[index].Spent + balances[index].Reserved + claim.Amount <= claim.Limit;
            }

            if (fits)
            {
                foreach (var claim in claims)
                {
                    ref var account = ref CollectionsMarshal.GetValueRefOrAddDefault(_accounts, (claim.Budget, claim.Group), out _);
                    account ??= new Account();
                    account.Reserve(claim.Slice.UtcTicks, claim.WindowStart.UtcTicks, claim.Amount);
                }

                var expires = now + reservation.Lease.Ticks;
                _held.Add(reservation.Id, new Held(claims as BudgetClaim[] ?? [.. claims], balances) { Expires = expires });
                _expiries.Enqueue(reservation.Id, expires);
                SweepWhenMany(now);
            }

            return new(new BudgetReservationResult(fits, balances));
        }
    }

    /// <inheritdoc/>
    public ValueTask SettleAsync(Guid reservationId, IReadOnlyList<BudgetPosting> postings, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(postings);
        cancellationToken.ThrowIfCancellationRequested();
        lock (_gate)
        {
            _held.Remove(reservationId, out var held);
            if (!_settled.TryAdd(reservationId, held?.Before))
            {
                return default;
            }

            _settledInOrder.Enqueue(reservationId);
            if (_settledInOrder.Count > RememberedSettlements)
            {
                _settled.Remove(_settledInOrder.Dequeue());
            }

            if (held is not null)
            {
                GiveBack(held);
            }

            foreach (var posting in postings)
            {
                ref var account = ref CollectionsMarshal.GetValueRefOrAddDefault(_accounts, (posting.Budget, posting.Group), out _);
                account ??= new Account();
                account.Spend(posting.Slice.UtcTicks, posting.Amount);
            }
        }

        return default;
    }

    /// <inheritdoc/>
    public ValueTask RenewAsync(IReadOnlyCollection<Guid> reservationIds, TimeSpan lease, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(reservationIds);
        lock (_gate)
        {
            var now = _clock.GetUtcNow().UtcTicks;
            FreeExpired(now);
            foreach (var id in reservationIds)
            {
                // Its place among the expiries is looked at again when it comes up.
                if (_held.TryGetValue(id, out var held))
                {
                    held.Expires = now + lease.Ticks;
                }
            }
        }

        return default;
    }

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<BudgetAccount>> GetAccountsAsync(
        string budget,
        DateTimeOffset windowStart,
        int maxAccounts,
        CancellationToken cancellationToken
    )
    {
        ArgumentNullException.ThrowIfNull(budget);
        ArgumentOutOfRangeException.ThrowIfLessThan(maxAccounts, 1);
        lock (_gate)
        {
            FreeExpired(_clock.GetUtcNow().UtcTicks);
            var accounts = new List<BudgetAccount>();
            foreach (var (key, account) in _accounts)
            {
                if (key.Budget == budget && account.Since(windowStart.UtcTicks) is var balance && balance != default)
                {
                    accounts.Add(new BudgetAccount(key.Group, balance));
                }
            }

            accounts.Sort((a, b) => (b.Balance.Spent + b.Balance.Reserved).CompareTo(a.Balance.Spent + a.Balance.Reserved));
            return new(accounts.Count > maxAccounts ? accounts.GetRange(0, maxAccounts) : accounts);
        }
    }

    private void FreeExpired(long now)
    {
        while (_expiries.TryPeek(out var id, out var expires) && expires <= now)
        {
            _expiries.Dequeue();
            if (!_held.TryGetValue(id, out var held))
            {
                continue;
            }

            if (held.Expires > now)
            {
                _expiries.Enqueue(id, held.Expires);
                continue;
            }

            _held.Remove(id);
            GiveBack(held);
        }
    }

    private void GiveBack(Held held)
    {
        foreach (var claim in held.Claims)
        {
            if (_accounts.TryGetValue((claim.Budget, claim.Group), out var account))
            {
                account.GiveBack(claim.Slice.UtcTicks, claim.Amount);
            }
        }
    }

    private void SweepWhenMany(long now)
    {
        if (_accounts.Count < _sweepAt)
        {
            return;
        }

        foreach (var (key, account) in _accounts)
        {
            if (account.IsPast(now))
            {
                _accounts.Remove(key);
            }
        }

        _sweepAt = Math.Max(FewAccounts, 2 * _accounts.Count);
    }

    private sealed class Held(BudgetClaim[] claims, BudgetBalance[] before)
    {
        public BudgetClaim[] Claims => claims;

        public BudgetBalance[] Before => before;

        public long Expires { get; set; }
    }

    /// <summary>A few slices of one account, the newest last: one by the calendar, at most some sixty where the window rolls.</summary>
    private sealed class Account
    {
        private readonly List<Slice> _slices = [];
        private long _window;

        public BudgetBalance Since(long windowStart)
        {
            var (spent, reserved) = (0m, 0m);
            foreach (var slice in CollectionsMarshal.AsSpan(_slices))
            {
                if (slice.Start >= windowStart)
                {
                    spent += slice.Spent;
                    reserved += slice.Reserved;
                }
            }

            return new BudgetBalance(spent, reserved);
        }

        public void Reserve(long start, long windowStart, decimal amount)
        {
            _window = Math.Max(_window, start - windowStart);
            if (_slices.Count > 0 && _slices[0].Start < windowStart)
            {
                _slices.RemoveAll(slice => slice.Start < windowStart && slice.Reserved == 0m);
            }

            At(start).Reserved += amount;
        }

        public void GiveBack(long start, decimal amount)
        {
            foreach (ref var slice in CollectionsMarshal.AsSpan(_slices))
            {
                if (slice.Start == start)
                {
                    slice.Reserved = Math.Max(0m, slice.Reserved - amount);
                }
            }
        }

        public void Spend(long start, decimal amount) => At(start).Spent += amount;

        /// <summary>Whether nothing of it can count any more; a month is the longest window by the calendar, whose length it does not know.</summary>
        public bool IsPast(long now) =>
            _slices.TrueForAll(slice => slice.Reserved == 0m && slice.Start < now - _window - (32 * TimeSpan.TicksPerDay));

        private ref Slice At(long start)
        {
            var slices = CollectionsMarshal.AsSpan(_slices);
            for (var index = slices.Length - 1; index >= 0; index--)
            {
                if (slices[index].Start == start)
                {
                    return ref slices[index];
                }
            }

            var place = _slices.FindLastIndex(slice => slice.Start < start) + 1;
            _slices.Insert(place, new Slice { Start = start });
            return ref CollectionsMarshal.AsSpan(_slices)[place];
        }
    }

    private struct Slice
    {
        public long Start;
        public decimal Spent;
        public decimal Reserved;
    }
}
