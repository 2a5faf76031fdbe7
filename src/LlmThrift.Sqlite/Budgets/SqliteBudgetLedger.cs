using LlmThrift.Budgets;
using LlmThrift.Sqlite.Database;

namespace LlmThrift.Sqlite.Budgets;

/// <summary>Budgets in the file.</summary>
internal sealed class SqliteBudgetLedger(SqliteWriter writer, TimeProvider clock) : IBudgetLedger
{
    /// <summary>How long what has ended is remembered, so that a second settlement does nothing.</summary>
    public static readonly TimeSpan TombstoneLifetime = TimeSpan.FromDays(1);

    public async ValueTask<BudgetReservationResult> ReserveAsync(BudgetReservation reservation, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(reservation);
        var operation = new ReserveOperation(reservation, clock);
        await writer.RunAsync(operation, cancellationToken).ConfigureAwait(false);
        return operation.Result;
    }

    public ValueTask SettleAsync(Guid reservationId, IReadOnlyList<BudgetPosting> postings, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(postings);
        return new(writer.RunAsync(new SettleOperation(reservationId, postings, clock), cancellationToken));
    }

    public ValueTask RenewAsync(IReadOnlyCollection<Guid> reservationIds, TimeSpan lease, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(reservationIds);
        return reservationIds.Count == 0 ? default : new(writer.RunAsync(Renew, isBulk: false, cancellationToken));

        void Renew(SqliteDatabase database)
        {
            var now = clock.GetUtcNow();
            foreach (var id in reservationIds)
            {
                database
                    .Statement("UPDATE budget_reservation SET due=?2 WHERE id=?1 AND state=0 AND due>?3")
                    .Bind(1, id)
                    .Bind(2, (now + lease).UtcTicks)
                    .Bind(3, now.UtcTicks)
                    .Execute();
            }
        }
    }

    public async ValueTask<IReadOnlyList<BudgetAccount>> GetAccountsAsync(
        string budget,
        DateTimeOffset windowStart,
        int maxAccounts,
        CancellationToken cancellationToken
    )
    {
        ArgumentNullException.ThrowIfNull(budget);
        ArgumentOutOfRangeException.ThrowIfLessThan(maxAccounts, 1);
        var accounts = new List<BudgetAccount>();

        // Writing, since leases that have run out must not be counted.
        await writer.RunAsync(Read, isBulk: false, cancellationToken).ConfigureAwait(false);
        return accounts;

        void Read(SqliteDatabase database)
        {
            accounts.Clear();
            BudgetTables.FreeExpired(database, clock.GetUtcNow().UtcTicks);
            var rows = database
                .Statement(
                    """
                    SELECT grp, sum(spent) AS s, sum(spent_nano) AS sn, sum(reserved) AS r, sum(reserved_nano) AS rn
                    FROM budget_slice WHERE budget=?1 AND slice>=?2 GROUP BY grp HAVING s<>0 OR sn<>0 OR r<>0 OR rn<>0
                    ORDER BY s+r+(sn+rn)/1000000000.0 DESC LIMIT ?3
                    """
                )
                .Bind(1, budget)
                .Bind(2, windowStart.UtcTicks)
                .Bind(3, maxAccounts);
            while (rows.Step())
            {
                accounts.Add(new BudgetAccount(rows.Text(0), BudgetTables.BalanceAt(rows, 1)));
            }
        }
    }
}
