namespace LlmThrift.Budgets;

/// <summary>The ledger could not be asked; never seen by the app.</summary>
internal sealed class LedgerFailedException(Exception inner) : Exception("The ledger failed.", inner);
