namespace MiniLmConverter;

/// <summary>Values of six bits: −32 to 31 times a scale, four in three bytes, the first in the lowest bits.</summary>
internal static class SixBits
{
    private const int Least = -32;
    private const int Most = 31;
    private const int Trials = 41;

    /// <summary>The scale with the least squared error: a little of the largest values is cut off where that serves the others.</summary>
    public static float BestScale(ReadOnlySpan<float> values)
    {
        var largest = 0f;
        foreach (var value in values)
        {
            largest = MathF.Max(largest, MathF.Abs(value));
        }

        var best = largest / Most;
        var leastError = double.MaxValue;
        for (var trial = 0; trial < Trials; trial++)
        {
            var scale = largest / Most * (0.6f + (0.01f * trial));
            var error = 0.0;
            foreach (var value in values)
            {
                double difference = value - (Quantise(value, scale) * scale);
                error += difference * difference;
            }

            if (error < leastError)
            {
                (leastError, best) = (error, scale);
            }
        }

        return best;
    }

    public static void Pack(ReadOnlySpan<float> values, float scale, Span<byte> packed)
    {
        for (var i = 0; i < values.Length; i += 4)
        {
            var bits = 0;
            for (var j = 0; j < 4; j++)
            {
                bits |= (Quantise(values[i + j], scale) - Least) << (6 * j);
            }

            packed[i / 4 * 3] = (byte)bits;
            packed[(i / 4 * 3) + 1] = (byte)(bits >> 8);
            packed[(i / 4 * 3) + 2] = (byte)(bits >> 16);
        }
    }

    private static int Quantise(float value, float scale) => Math.Clamp((int)MathF.Round(value / scale), Least, Most);
}
