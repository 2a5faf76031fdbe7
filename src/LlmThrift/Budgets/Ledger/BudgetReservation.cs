namespace LlmThrift.Budgets;

/// <summary>What a call takes from its budgets before it is made.</summary>
public sealed class BudgetReservation
{
    /// <summary>Names the reservation.</summary>
    public required Guid Id { get; init; }

    /// <summary>What it takes, at most one claim for each account and slice. Not to be changed afterwards.</summary>
    public required IReadOnlyList<BudgetClaim> Claims { get; init; }

    /// <summary>How long it holds that, from now, unless it is settled or renewed.</summary>
    public required TimeSpan Lease { get; init; }
}
