namespace LlmThrift.Budgets;

/// <summary>What a call has spent of one account.</summary>
/// <param name="Budget">The budget's name.</param>
/// <param name="Group">Whose account, as in <see cref="BudgetClaim"/>.</param>
/// <param name="Slice">The slice that it is booked in.</param>
/// <param name="Amount">What was spent. Not negative.</param>
public readonly record struct BudgetPosting(string Budget, string Group, DateTimeOffset Slice, decimal Amount);
