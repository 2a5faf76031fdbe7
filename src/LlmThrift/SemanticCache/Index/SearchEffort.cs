namespace LlmThrift.SemanticCache;

/// <summary>How far a search goes.</summary>
/// <param name="ExactEntries">Indexes of no more entries than this are scanned whole, so that nothing is missed.</param>
/// <param name="Order">Lists are read in the order of their centroid's similarity to the query plus this many times their spread.</param>
/// <param name="Stop">
/// Reading ends at a list whose centroid's similarity plus this many times its spread is less than the least similarity found so far.
/// </param>
/// <param name="Slack">An entry is compared in 8 bits if its sketch's estimate, this many standard errors added, exceeds that least similarity.</param>
/// <param name="MaxSlots">After this many slots no further list is read, which bounds the time of a search.</param>
internal readonly record struct SearchEffort(int ExactEntries, float Order, float Stop, float Slack, int MaxSlots)
{
    /// <summary>Gets the similarity that the nearest must have for any to be found. Default: -1, which all have.</summary>
    public float LeastSimilarity { get; init; } = -1;

    /// <summary>
    /// Returns the effort with which an index is searched unless told otherwise, chosen by measurement on sentence embeddings: the more entries there
    /// are, the nearer are those found first, and the more of a list's best would be missed by stopping at the same number of spreads.
    /// </summary>
    public static SearchEffort For(int entries)
    {
        var stop = 0.58f + (0.2f * MathF.Max(0, MathF.Log10(entries / 100_000f)));
        return new SearchEffort(4096, 0.2f, stop, 1.7f, 200_000);
    }
}
