namespace LlmThrift.Internal;

/// <summary>
/// Leaves a helper alone for a while that has made a call wait in vain: two seconds, and twice as long each time up to thirty, after which one call tries it again. A failure that
/// comes at once costs nothing, and is no reason. Safe for concurrent use.
/// </summary>
internal sealed class HelperRest(TimeProvider clock)
{
    private static readonly TimeSpan Quick = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan First = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(30);

    private readonly Lock _gate = new();
    private long _until;
    private long _since = long.MinValue;
    private TimeSpan _pause;

    /// <summary>Whether to try it. Of those who come when a rest is over, one may.</summary>
    public bool MayTry()
    {
        if (Volatile.Read(ref _until) == 0)
        {
            return true;
        }

        lock (_gate)
        {
            if (_until == 0)
            {
                // It has just succeeded elsewhere.
                return true;
            }

            var now = clock.GetUtcNow().UtcTicks;
            if (now < _until)
            {
                return false;
            }

            _until = now + First.Ticks;
            _since = clock.GetTimestamp();
            return true;
        }
    }

    public void Succeeded()
    {
        if (Volatile.Read(ref _until) != 0)
        {
            lock (_gate)
            {
                (_until, _pause) = (0, TimeSpan.Zero);
            }
        }
    }

    /// <param name="since">When it was asked: a time stamp of the clock.</param>
    public void Failed(long since)
    {
        if (clock.GetElapsedTime(since) < Quick)
        {
            return;
        }

        lock (_gate)
        {
            // Those who had asked before the last failure was known fail, too: that counts once.
            if (since >= _since)
            {
                _pause = _pause == TimeSpan.Zero ? First : TimeSpan.FromTicks(Math.Min(Longest.Ticks, 2 * _pause.Ticks));
                _until = (clock.GetUtcNow() + _pause).UtcTicks;
                _since = clock.GetTimestamp();
            }
        }
    }
}
