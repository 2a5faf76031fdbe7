namespace LlmThrift.Budgets;

/// <summary>What to do while the ledger cannot be reached.</summary>
public enum LedgerFailureHandling
{
    /// <summary>Calls go through unchecked (fail open). What they cost is written down once the ledger is back, as far as it can be kept until then.</summary>
    Allow,

    /// <summary>Calls are refused with a <see cref="BudgetLedgerUnavailableException"/> (fail closed).</summary>
    Refuse,
}
