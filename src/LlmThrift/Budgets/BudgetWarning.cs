namespace LlmThrift.Budgets;

/// <summary>An account has spent a share of its limit at which the app wants to be told.</summary>
/// <param name="Budget">The budget's name.</param>
/// <param name="Group">Whose account, such as "tenant=acme"; empty where there is one for all.</param>
/// <param name="Unit">What the budget counts.</param>
/// <param name="Share">The share of the limit, of <see cref="Budgets.Budget.WarnAt"/>.</param>
/// <param name="Limit">The limit.</param>
/// <param name="Spent">What is spent in the window.</param>
/// <param name="WindowStart">When the window began.</param>
public sealed record BudgetWarning(
    string Budget,
    string Group,
    BudgetUnit Unit,
    double Share,
    decimal Limit,
    decimal Spent,
    DateTimeOffset WindowStart
);
