namespace LlmThrift.OutputLimits.Learning;

/// <summary>
/// Quantiles of lengths that forget with time. Buckets grow by a constant factor, so that a quantile is known within that factor whatever its size
/// and the memory does not depend on how much was seen. Later lengths are added with more weight instead of making earlier ones lighter (Cormode,
/// Shkapenyuk, Srivastava and Xu, "Forward Decay", 2009), which costs the same for each. Not safe for concurrent use.
/// </summary>
internal sealed class LengthHistogram(TimeSpan halfLife)
{
    /// <summary>A quantile is too high by at most this factor.</summary>
    public const double Growth = 1.04;

    /// <summary>1.04^400 is 6.5 million tokens: more than any model writes.</summary>
    private const int Buckets = 400;

    /// <summary>Weights are brought back to one before they could overflow.</summary>
    private const double MaxExponent = 512;

    private static readonly double LogGrowth = Math.Log(Growth);

    private readonly double[] _weights = new double[Buckets + 1];
    private DateTimeOffset? _origin;

    public void Add(double length, DateTimeOffset at) => _weights[BucketOf(length)] += WeightAt(at);

    /// <summary>How many lengths there are, each counted for less as it ages.</summary>
    public double CountAt(DateTimeOffset at)
    {
        // First, for it may scale the weights.
        var weight = WeightAt(at);
        return Total() / weight;
    }

    /// <summary>
    /// A length that at least this share of the lengths does not exceed, at most <see cref="Growth"/> times too high; null when there are none.
    /// </summary>
    public double? Quantile(double share)
    {
        var total = Total();
        if (total <= 0)
        {
            return null;
        }

        var wanted = share * total;
        var sum = 0.0;
        var last = 0;
        for (var bucket = 0; bucket < _weights.Length; bucket++)
        {
            if (_weights[bucket] <= 0)
            {
                continue;
            }

            sum += _weights[bucket];
            last = bucket;
            if (sum >= wanted)
            {
                break;
            }
        }

        return Math.Pow(Growth, last);
    }

    /// <summary>Bucket b holds the lengths above Growth^(b-1), up to Growth^b.</summary>
    private static int BucketOf(double length) =>
        length <= 1 ? 0 : Math.Min(Buckets, (int)Math.Ceiling((Math.Log(length) / LogGrowth) - 1e-9));

    private double Total()
    {
        var sum = 0.0;
        foreach (var weight in _weights)
        {
            sum += weight;
        }

        return sum;
    }

    private double WeightAt(DateTimeOffset at)
    {
        var origin = _origin ??= at;

        // A clock that was put back makes no time pass.
        var exponent = Math.Max(0, (at - origin) / halfLife);
        if (exponent <= MaxExponent)
        {
            return Math.Pow(2, exponent);
        }

        var factor = Math.Pow(2, -exponent);
        for (var bucket = 0; bucket < _weights.Length; bucket++)
        {
            _weights[bucket] *= factor;
        }

        _origin = at;
        return 1;
    }
}
