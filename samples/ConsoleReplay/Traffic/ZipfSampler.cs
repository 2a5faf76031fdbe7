namespace ConsoleReplay.Traffic;

/// <summary>
/// Draws ranks 0 to count − 1 with a probability in proportion to 1 ÷ (rank + 1)^exponent: Zipf's law, which the popularity of
/// queries follows roughly. Exponent 0 draws evenly. Deterministic for a seed; not safe for concurrent use.
/// </summary>
internal sealed class ZipfSampler
{
    private readonly double[] _cumulative;
    private readonly Random _random;

    public ZipfSampler(int count, double exponent, Random random)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(count, 1);
        ArgumentOutOfRangeException.ThrowIfNegative(exponent);
        _random = random;
        _cumulative = new double[count];
        var sum = 0.0;
        for (var rank = 0; rank < count; rank++)
        {
            sum += Math.Pow(rank + 1, -exponent);
            _cumulative[rank] = sum;
        }
    }

    public int Next()
    {
        var index = Array.BinarySearch(_cumulative, _random.NextDouble() * _cumulative[^1]);
        return Math.Min(index < 0 ? ~index : index + 1, _cumulative.Length - 1);
    }
}
