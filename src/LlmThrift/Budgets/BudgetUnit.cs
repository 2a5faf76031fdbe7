namespace LlmThrift.Budgets;

/// <summary>What a budget counts.</summary>
public enum BudgetUnit
{
    /// <summary>US dollars, by the price book.</summary>
    UsDollars,

    /// <summary>Input and output tokens, as billed.</summary>
    Tokens,

    /// <summary>Calls that reach a provider. Those served from a cache do not count.</summary>
    Calls,
}
