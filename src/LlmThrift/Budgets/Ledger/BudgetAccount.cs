namespace LlmThrift.Budgets;

/// <summary>An account of a budget and how it stands.</summary>
/// <param name="Group">Whose account, as in <see cref="BudgetClaim"/>.</param>
/// <param name="Balance">What it has spent and what is held of it.</param>
public readonly record struct BudgetAccount(string Group, BudgetBalance Balance);
