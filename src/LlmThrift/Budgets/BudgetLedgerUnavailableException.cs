namespace LlmThrift.Budgets;

/// <summary>A call was refused since the ledger of the budgets could not be asked, and the app chose to fail closed.</summary>
public sealed class BudgetLedgerUnavailableException : Exception
{
    internal BudgetLedgerUnavailableException(Exception inner)
        : base(
            "The ledger of the budgets cannot be reached, and Budgets.WhenLedgerFails is Refuse: the call was not made. Look at the inner exception, or choose Allow to let calls through meanwhile.",
            inner
        ) { }
}
