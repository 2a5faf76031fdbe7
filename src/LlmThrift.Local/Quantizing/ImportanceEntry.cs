namespace LlmThrift.Local.Quantizing;

/// <summary>What was seen of a matrix's inputs.</summary>
/// <param name="Sums">The sum of squares of each column, one expert after the other.</param>
/// <param name="Counts">How many inputs were summed: one number, or one for each expert.</param>
internal sealed record ImportanceEntry(float[] Sums, long[] Counts)
{
    /// <summary>Writes the mean squares, which llama.cpp weighs errors of rounding by.</summary>
    public void WriteMeans(Span<float> destination)
    {
        var columns = Sums.Length / Counts.Length;
        for (var i = 0; i < Sums.Length; i++)
        {
            // An expert that no token went to: all columns matter alike.
            var count = Counts[i / columns];
            destination[i] = count == 0 ? 1 : Sums[i] / count;
        }
    }
}
