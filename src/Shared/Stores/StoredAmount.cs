namespace LlmThrift.Stores;

/// <summary>An amount of a budget as two whole numbers that can be added up apart: units, and billionths of one, rounded up.</summary>
/// <remarks>One number of billionths would overflow at nine billion, which tokens reach. Sums of the billionths may exceed one unit.</remarks>
internal readonly record struct StoredAmount(long Units, long Billionths)
{
    private const long PerUnit = 1_000_000_000;

    /// <exception cref="ArgumentOutOfRangeException">The amount is negative, or more than 9.2e18.</exception>
    public static StoredAmount Of(decimal amount)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(amount);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(amount, long.MaxValue);
        var units = decimal.Truncate(amount);
        var billionths = (long)decimal.Ceiling((amount - units) * PerUnit);
        return billionths == PerUnit ? new((long)units + 1, 0) : new((long)units, billionths);
    }

    public static StoredAmount operator -(StoredAmount amount) => new(-amount.Units, -amount.Billionths);

    public static StoredAmount operator +(StoredAmount a, StoredAmount b) => new(a.Units + b.Units, a.Billionths + b.Billionths);

    public decimal ToDecimal() => Units + ((decimal)Billionths / PerUnit);
}
