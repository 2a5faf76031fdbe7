namespace LlmThrift.PrefixCaching;

/// <summary>
/// How often a prefix comes again within its lifetime: the share of the latest sightings, each counting less than the next, started from one
/// success in two, so that a new feature is given a chance and three failures in a row take it away.
/// </summary>
internal struct ReuseRate
{
    /// <summary>A sighting counts half after 34 more.</summary>
    private const double Decay = 0.98;

    private double _successes;
    private double _sightings;

    public readonly double Probability => (_successes + 1) / (_sightings + 2);

    public void Add(bool wasReused)
    {
        _successes = (_successes * Decay) + (wasReused ? 1 : 0);
        _sightings = (_sightings * Decay) + 1;
    }
}
