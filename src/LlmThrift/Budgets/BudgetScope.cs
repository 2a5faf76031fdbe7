namespace LlmThrift.Budgets;

/// <summary>By what a budget is split into accounts, each of which has the limit to itself. Values combine: <c>Tenant | Feature</c> is an account for each pair.</summary>
[Flags]
public enum BudgetScope
{
    /// <summary>One account for all calls.</summary>
    All = 0,

    /// <summary>An account for each tenant, and one for calls without a tenant.</summary>
    Tenant = 1,

    /// <summary>An account for each user, and one for calls without a user.</summary>
    User = 2,

    /// <summary>An account for each feature, and one for calls without a feature.</summary>
    Feature = 4,

    /// <summary>An account for each model.</summary>
    Model = 8,
}
