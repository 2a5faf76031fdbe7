using System.Globalization;

namespace LlmThrift.Budgets;

/// <summary>A call was refused: it does not fit into what is left of a budget.</summary>
/// <remarks>In ASP.NET Core, the package LlmThrift.AspNetCore turns it into <c>429 Too Many Requests</c> with <c>Retry-After</c>.</remarks>
public sealed class BudgetExceededException : Exception
{
    /// <summary>Makes the exception; for ledgers and tests of the app's own.</summary>
    /// <param name="budget">The budget's name.</param>
    /// <param name="group">Whose account, such as "tenant=acme"; empty where there is one for all.</param>
    /// <param name="unit">What the budget counts.</param>
    /// <param name="limit">The limit.</param>
    /// <param name="spent">What is spent in the window.</param>
    /// <param name="reserved">What calls under way hold.</param>
    /// <param name="freesAt">When something of it may be free again; null when that is not known.</param>
    public BudgetExceededException(
        string budget,
        string group,
        BudgetUnit unit,
        decimal limit,
        decimal spent,
        decimal reserved,
        DateTimeOffset? freesAt
    )
        : base(Describe(budget, group, unit, limit, spent, reserved, freesAt))
    {
        (Budget, Group, Unit, Limit, Spent, Reserved, FreesAt) = (budget, group, unit, limit, spent, reserved, freesAt);
    }

    /// <summary>The budget's name.</summary>
    public string Budget { get; }

    /// <summary>Whose account, such as "tenant=acme"; empty where there is one for all.</summary>
    public string Group { get; }

    /// <summary>What the budget counts.</summary>
    public BudgetUnit Unit { get; }

    /// <summary>The limit, in <see cref="Unit"/>.</summary>
    public decimal Limit { get; }

    /// <summary>What is spent in the window.</summary>
    public decimal Spent { get; }

    /// <summary>What calls under way hold. Some of it may come back.</summary>
    public decimal Reserved { get; }

    /// <summary>When something may be free again: the end of the window, or where it rolls, of its oldest part; null when that is not known.</summary>
    public DateTimeOffset? FreesAt { get; }

    private static string Describe(
        string budget,
        string group,
        BudgetUnit unit,
        decimal limit,
        decimal spent,
        decimal reserved,
        DateTimeOffset? freesAt
    ) =>
        string.Create(
            CultureInfo.InvariantCulture,
            $"The call does not fit into the budget \"{budget}\"{(group.Length == 0 ? "" : $" of {group}")}: {Amount(spent, unit)} of {Amount(limit, unit)} are spent, {Amount(reserved, unit)} held by calls under way."
        ) + (freesAt is { } time ? string.Create(CultureInfo.InvariantCulture, $" It frees at {time:u}.") : "");

    private static string Amount(decimal amount, BudgetUnit unit) =>
        unit switch
        {
            BudgetUnit.UsDollars => string.Create(CultureInfo.InvariantCulture, $"${amount:0.######}"),
            BudgetUnit.Tokens => string.Create(CultureInfo.InvariantCulture, $"{amount:0} tokens"),
            _ => string.Create(CultureInfo.InvariantCulture, $"{amount:0} calls"),
        };
}
