namespace LlmThrift.Pricing;

/// <summary>The dates of the embedded snapshots. Change them together with the files under Data.</summary>
internal static class EmbeddedPrices
{
    /// <summary>The day of <c>Data/prices-current.jsonl.br</c>.</summary>
    public static readonly DateOnly AsOf = new(2026, 9, 23);

    /// <summary>
    /// Until then, <c>Data/prices-earlier.jsonl.br</c> says what was in force: it was taken the day before. A later snapshot drops prices that
    /// ended before it, and knows better than an earlier one what became of prices announced for its future.
    /// </summary>
    public static readonly DateTimeOffset EarlierUntil = new(2026, 8, 22, 0, 0, 0, TimeSpan.Zero);
}
