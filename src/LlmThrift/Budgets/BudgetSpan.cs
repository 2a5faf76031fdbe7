namespace LlmThrift.Budgets;

/// <summary>A window at one time.</summary>
/// <param name="Slice">Where spending is booked.</param>
/// <param name="WindowStart">Slices from here on count.</param>
/// <param name="ValidFrom">From when on the span is the right one.</param>
/// <param name="ValidUntil">Until when.</param>
/// <param name="FreesAt">When something of it stops counting, at the earliest.</param>
/// <param name="Turn">Names the window, for what is said once in each: where it rolls, it is another one after its whole length.</param>
internal readonly record struct BudgetSpan(
    DateTimeOffset Slice,
    DateTimeOffset WindowStart,
    DateTimeOffset ValidFrom,
    DateTimeOffset ValidUntil,
    DateTimeOffset FreesAt,
    long Turn
)
{
    public bool Holds(DateTimeOffset now) => ValidFrom <= now && now < ValidUntil;
}
