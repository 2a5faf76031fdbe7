namespace LlmThrift.Budgets;

/// <summary>How the budgets of a pipeline stand: <c>client.GetService&lt;BudgetManager&gt;()</c>. Safe for concurrent use.</summary>
public sealed class BudgetManager
{
    private readonly BudgetState _state;
    private readonly LedgerAccess _ledger;

    internal BudgetManager(BudgetState state, LedgerAccess ledger) => (_state, _ledger) = (state, ledger);

    /// <summary>Settlements that wait until the ledger can be reached again; 0 when all is well.</summary>
    public int PendingSettlements => _ledger.Waiting;

    /// <summary>How the accounts stand now.</summary>
    /// <param name="maxAccounts">How many of each budget at most, those that have spent most first. Default: 100.</param>
    /// <param name="cancellationToken">Cancels the reading.</param>
    /// <returns>The accounts of all budgets, in the order of the options; a budget with one account for all is there even when nothing is spent.</returns>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="maxAccounts"/> is below 1.</exception>
    public async ValueTask<IReadOnlyList<BudgetStatus>> GetStatusAsync(int maxAccounts = 100, CancellationToken cancellationToken = default)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(maxAccounts, 1);
        var statuses = new List<BudgetStatus>();
        var now = _state.Clock.GetUtcNow();
        foreach (var rule in _state.Rules)
        {
            var span = rule.SpanAt(now);
            var accounts = await _ledger
                .GetAccountsAsync(rule.Name, span.WindowStart, maxAccounts, cancellationToken)
                .ConfigureAwait(false);
            if (accounts.Count == 0 && rule.Budget.Per == BudgetScope.All)
            {
                accounts = [new BudgetAccount("", default)];
            }

            statuses.AddRange(
                accounts.Select(account => new BudgetStatus
                {
                    Budget = rule.Name,
                    Group = account.Group,
                    Unit = rule.Unit,
                    IsSoft = rule.IsSoft,
                    Limit = rule.LimitOf(BudgetGroup.TagsOf(account.Group), _state.ReportLimitFailure),
                    Spent = account.Balance.Spent,
                    Reserved = account.Balance.Reserved,
                    WindowStart = span.WindowStart,
                    WindowEnd = span.FreesAt,
                })
            );
        }

        return statuses;
    }

    /// <summary>Ends when no settlement waits for the ledger any more, such as before the process ends.</summary>
    /// <param name="cancellationToken">Ends the waiting.</param>
    /// <returns>A task.</returns>
    public Task FlushAsync(CancellationToken cancellationToken = default) => _ledger.FlushAsync(cancellationToken);
}
