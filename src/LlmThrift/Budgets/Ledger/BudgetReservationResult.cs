namespace LlmThrift.Budgets;

/// <summary>What became of a reservation.</summary>
/// <param name="IsGranted">True when every claim was taken; false when none was.</param>
/// <param name="Balances">How the account of each claim stood before, in the claims' order.</param>
public readonly record struct BudgetReservationResult(bool IsGranted, IReadOnlyList<BudgetBalance> Balances);
