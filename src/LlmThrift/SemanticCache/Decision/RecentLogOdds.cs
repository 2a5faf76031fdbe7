namespace LlmThrift.SemanticCache;

/// <summary>The log-odds of the last decisions, always in rising order. Not safe for concurrent use.</summary>
/// <remarks>Putting one in its place moves a few kilobytes; sorting them all every so often would make one call in many wait for it.</remarks>
internal sealed class RecentLogOdds(int capacity)
{
    private readonly float[] _byTime = new float[capacity];
    private readonly float[] _sorted = new float[capacity];
    private long _count;

    /// <summary>How many were added, those that have gone too.</summary>
    public long Count => _count;

    public ReadOnlySpan<float> Rising => _sorted.AsSpan(0, (int)Math.Min(_count, capacity));

    /// <summary>Adds one, in place of the oldest once there are as many as are kept.</summary>
    public void Add(float logOdds)
    {
        var place = (int)(_count % capacity);
        var length = Rising.Length;
        if (length == capacity)
        {
            var gone = Rising.BinarySearch(_byTime[place]);
            length--;
            _sorted.AsSpan(gone + 1, length - gone).CopyTo(_sorted.AsSpan(gone));
        }

        var at = _sorted.AsSpan(0, length).BinarySearch(logOdds);
        at = at < 0 ? ~at : at;
        _sorted.AsSpan(at, length - at).CopyTo(_sorted.AsSpan(at + 1));
        _sorted[at] = logOdds;
        _byTime[place] = logOdds;
        _count++;
    }
}
