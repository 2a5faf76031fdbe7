namespace LlmThrift.Budgets;

/// <summary>How one account of a budget stands.</summary>
public sealed record BudgetStatus
{
    /// <summary>The budget's name.</summary>
    public required string Budget { get; init; }

    /// <summary>Whose account, such as "tenant=acme"; empty where there is one for all.</summary>
    public required string Group { get; init; }

    /// <summary>What the budget counts.</summary>
    public required BudgetUnit Unit { get; init; }

    /// <summary>True for a limit that refuses nothing.</summary>
    public required bool IsSoft { get; init; }

    /// <summary>The limit.</summary>
    public required decimal Limit { get; init; }

    /// <summary>What is spent in the window.</summary>
    public required decimal Spent { get; init; }

    /// <summary>What calls under way hold.</summary>
    public required decimal Reserved { get; init; }

    /// <summary>What is left; not below 0.</summary>
    public decimal Remaining => Math.Max(0m, Limit - Spent - Reserved);

    /// <summary>When the window began.</summary>
    public required DateTimeOffset WindowStart { get; init; }

    /// <summary>When the window ends; where it rolls, when its oldest part stops counting.</summary>
    public required DateTimeOffset WindowEnd { get; init; }
}
