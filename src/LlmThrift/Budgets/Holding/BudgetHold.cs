using LlmThrift.Internal;

namespace LlmThrift.Budgets;

/// <summary>What a call holds of its budgets while it is under way.</summary>
internal sealed class BudgetHold
{
    /// <summary>The options to send: the caller's, with a limit on output tokens where one is needed.</summary>
    public required CallOptions Options { get; init; }

    /// <summary>Names the reservation.</summary>
    public Guid Id { get; init; }

    /// <summary>What is held, in the order of <see cref="Rules"/>; empty when the call falls under no budget.</summary>
    public BudgetClaim[] Claims { get; init; } = [];

    /// <summary>The rule of each claim.</summary>
    public BudgetRule[] Rules { get; init; } = [];

    /// <summary>The model of each claim, where it is of one; else null.</summary>
    public string?[] Models { get; init; } = [];

    /// <summary>How the accounts stood; empty when the ledger could not be asked.</summary>
    public IReadOnlyList<BudgetBalance> Balances { get; init; } = [];

    /// <summary>The answer in place of a call that no budget has room for; null when the call is to be made.</summary>
    public string? Answer { get; init; }
}
