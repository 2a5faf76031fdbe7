using LlmThrift.Budgets;
using LlmThrift.Stores;

namespace LlmThrift.Sqlite.Budgets;

/// <summary>A claim that was taken.</summary>
internal readonly record struct StoredClaim(string Budget, string Group, long Slice, StoredAmount Amount, BudgetBalance Before);
