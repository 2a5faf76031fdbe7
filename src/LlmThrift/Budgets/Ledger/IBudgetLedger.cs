namespace LlmThrift.Budgets;

/// <summary>Keeps what budgets have spent and what calls under way hold of them. Safe for concurrent use; with a shared store, by many processes at once.</summary>
/// <remarks>
/// <para>Reserve, then settle: before a call, the most that it can cost is taken from every budget that it falls under, all or nothing; afterwards that is given back and
/// what it did cost is written down. Every amount of one account is in one unit: US dollars, tokens or calls, by the budget's own choice.</para>
/// <para>Amounts are kept to at least nine decimals. A store that keeps fewer than a <see cref="decimal"/> has must round up, never down.</para>
/// <para>A reservation lives as long as its lease, by the ledger's own clock. One that has run out holds nothing any more: the process that made it is taken for dead. What
/// it settles later nevertheless is written down.</para>
/// </remarks>
public interface IBudgetLedger
{
    /// <summary>
    /// Takes all claims or none, in one step that no other reservation can come between. A claim fits when what its account has spent in the window, what is held of it there, and
    /// the claim's amount are together at most its limit.
    /// </summary>
    /// <param name="reservation">What to take. An id that is known already is not taken twice: the answer is that of the first time.</param>
    /// <param name="cancellationToken">Cancels the waiting; whether the reservation was made is then not known, and its lease ends it.</param>
    /// <returns>Whether it was taken, and how the accounts stood before.</returns>
    ValueTask<BudgetReservationResult> ReserveAsync(BudgetReservation reservation, CancellationToken cancellationToken);

    /// <summary>
    /// Ends a reservation: what it holds is given back, and the postings are written down, in one step. A second time it does nothing. One whose lease has run out, and one that
    /// was never made, holds nothing; its postings are written down.
    /// </summary>
    /// <param name="reservationId">The reservation's id; a new one writes down what nobody reserved.</param>
    /// <param name="postings">What to add to the accounts; empty when the call cost nothing.</param>
    /// <param name="cancellationToken">Cancels the waiting; the settlement may be tried again with the same id.</param>
    /// <returns>A task that ends when it is durable.</returns>
    ValueTask SettleAsync(Guid reservationId, IReadOnlyList<BudgetPosting> postings, CancellationToken cancellationToken);

    /// <summary>Lets reservations live on. Ids that are settled or not known are passed over.</summary>
    /// <param name="reservationIds">The reservations.</param>
    /// <param name="lease">How long from now.</param>
    /// <param name="cancellationToken">Cancels the waiting.</param>
    /// <returns>A task that ends when it is done.</returns>
    ValueTask RenewAsync(IReadOnlyCollection<Guid> reservationIds, TimeSpan lease, CancellationToken cancellationToken);

    /// <summary>How the accounts of a budget stand, those that have spent or hold most first.</summary>
    /// <param name="budget">The budget's name.</param>
    /// <param name="windowStart">Slices that begin earlier are left out.</param>
    /// <param name="maxAccounts">How many at most. At least 1.</param>
    /// <param name="cancellationToken">Cancels the reading.</param>
    /// <returns>The accounts; those that have nothing in the window are left out.</returns>
    ValueTask<IReadOnlyList<BudgetAccount>> GetAccountsAsync(
        string budget,
        DateTimeOffset windowStart,
        int maxAccounts,
        CancellationToken cancellationToken
    );
}
