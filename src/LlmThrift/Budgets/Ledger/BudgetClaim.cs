namespace LlmThrift.Budgets;

/// <summary>What a reservation takes from one account.</summary>
/// <param name="Budget">The budget's name.</param>
/// <param name="Group">Whose account of that budget, such as "tenant=acme"; empty where there is one for all. Up to 300 characters.</param>
/// <param name="Slice">The beginning of the slice of time that the amount is booked in: the window itself by the calendar, a part of it where the window rolls.</param>
/// <param name="WindowStart">Slices that begin earlier do not count any more.</param>
/// <param name="Limit">The most that may be spent and held in the window; <see cref="decimal.MaxValue"/> where nothing is refused.</param>
/// <param name="Amount">What is taken. Not negative.</param>
public readonly record struct BudgetClaim(
    string Budget,
    string Group,
    DateTimeOffset Slice,
    DateTimeOffset WindowStart,
    decimal Limit,
    decimal Amount
);
