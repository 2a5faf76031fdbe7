namespace LlmThrift.Budgets;

/// <summary>How an account stands within its window.</summary>
/// <param name="Spent">What settled calls have spent.</param>
/// <param name="Reserved">What calls under way hold.</param>
public readonly record struct BudgetBalance(decimal Spent, decimal Reserved);
