namespace LlmThrift.Resilience;

/// <summary>
/// The last times to a first update, and their percentiles. One value for each request, that of its first attempt: its time, or how long it had taken when it was given up. That
/// value is too low, but lies above the percentile after which a second attempt was made, so that the percentile stays where it is. Without it, hedging would hide what is slow,
/// and hedge ever earlier. Safe for concurrent use.
/// </summary>
internal sealed class LatencyWindow
{
    public const int MinSamples = 20;
    private const int Capacity = 200;

    private readonly Lock _gate = new();
    private readonly long[] _ticks = new long[Capacity];
    private int _count;

    public void Add(TimeSpan latency)
    {
        lock (_gate)
        {
            _ticks[_count++ % Capacity] = latency.Ticks;

            // Twice the capacity says as much as any greater number, and never overflows.
            _count = _count == 2 * Capacity ? Capacity : _count;
        }
    }

    /// <summary>The smallest latency that a share of all does not exceed; null before there are enough.</summary>
    public TimeSpan? Percentile(double share)
    {
        long[] sorted;
        lock (_gate)
        {
            var filled = Math.Min(_count, Capacity);
            if (filled < MinSamples)
            {
                return null;
            }

            sorted = _ticks[..filled];
        }

        Array.Sort(sorted);
        return TimeSpan.FromTicks(sorted[Math.Clamp((int)Math.Ceiling(share * sorted.Length) - 1, 0, sorted.Length - 1)]);
    }
}
