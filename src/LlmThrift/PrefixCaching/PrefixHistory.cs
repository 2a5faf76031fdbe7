namespace LlmThrift.PrefixCaching;

/// <summary>
/// The prefixes of the app's latest requests, by fingerprint, and how often they came again before the provider would have dropped them.
/// Bounded: the oldest sightings make room. Safe for concurrent use.
/// </summary>
internal sealed class PrefixHistory(TimeSpan lifetime, int maxPrefixes = PrefixHistory.DefaultMaxPrefixes)
{
    private const int DefaultMaxPrefixes = 20_000;
    private const int MaxFeatures = 1_000;
    private const int LatestHeads = 8;

    private readonly Lock _gate = new();
    private readonly Dictionary<UInt128, Prefix> _prefixes = [];
    private readonly Queue<(UInt128 Fingerprint, DateTimeOffset At)> _sightings = new();
    private readonly Dictionary<string, Feature> _features = new(StringComparer.OrdinalIgnoreCase);
    private readonly Feature _rest = new();

    public int Count
    {
        get
        {
            lock (_gate)
            {
                return _prefixes.Count;
            }
        }
    }

    /// <summary>Takes note of a request, and says where marking it pays.</summary>
    /// <param name="feature">The feature that calls.</param>
    /// <param name="head">The fingerprint of tools and system prompt; null where there is nothing to mark or it is too short to be cached.</param>
    /// <param name="history">Fingerprints of the whole request up to each boundary between messages, the end of the stable history last.</param>
    /// <param name="breakEven">The probability of reuse above which a write pays; null for never.</param>
    /// <param name="now">The time of the request.</param>
    public PrefixPlan Observe(string? feature, UInt128? head, ReadOnlySpan<UInt128> history, double? breakEven, DateTimeOffset now)
    {
        lock (_gate)
        {
            Expire(now);
            var of = Find(feature);
            var markHead = head is { } first && SeeHead(of, first, breakEven, now);
            var live = -1;
            var markEnd = history.Length > 0 && SeeHistory(of, history, breakEven, now, out live);
            return new PrefixPlan(markHead, markEnd, live, of.NewHeads);
        }
    }

    private bool SeeHead(Feature of, UInt128 head, double? breakEven, DateTimeOffset now)
    {
        of.CountNewHeads(head);
        if (_prefixes.TryGetValue(head, out var seen))
        {
            of.Heads.Add(wasReused: true);
        }
        else
        {
            seen = Add(head, of, isHead: true);
        }

        See(head, seen, now);
        seen.IsPending = true;
        return seen.IsWritten = (seen.IsWritten && breakEven is not null) || PrefixEconomics.Pays(of.Heads.Probability, breakEven);
    }

    private bool SeeHistory(Feature of, ReadOnlySpan<UInt128> history, double? breakEven, DateTimeOffset now, out int live)
    {
        live = -1;
        var last = history.Length - 1;
        for (var index = last; index >= 0; index--)
        {
            if (_prefixes.TryGetValue(history[index], out var seen) && !seen.IsHead)
            {
                // The conversation went on: from here, its new end is what waits to be seen again.
                of.Histories.Add(wasReused: true);
                seen.IsPending = false;
                See(history[index], seen, now);
                live = seen.IsWritten && breakEven is not null ? index : -1;
                break;
            }
        }

        if (!_prefixes.TryGetValue(history[last], out var end))
        {
            end = Add(history[last], of, isHead: false);
            See(history[last], end, now);
        }

        end.IsPending = true;
        return end.IsWritten = (end.IsWritten && breakEven is not null) || PrefixEconomics.Pays(of.Histories.Probability, breakEven);
    }

    private Prefix Add(UInt128 fingerprint, Feature of, bool isHead)
    {
        var prefix = new Prefix { Of = of, IsHead = isHead };
        _prefixes.Add(fingerprint, prefix);
        return prefix;
    }

    private void See(UInt128 fingerprint, Prefix prefix, DateTimeOffset now)
    {
        prefix.SeenAt = now;
        _sightings.Enqueue((fingerprint, now));
    }

    /// <summary>Drops what the provider has dropped. What nobody asked for again was written, or would have been, in vain.</summary>
    private void Expire(DateTimeOffset now)
    {
        while (_sightings.TryPeek(out var oldest))
        {
            var isOver = now - oldest.At >= lifetime;
            if (!isOver && _sightings.Count <= maxPrefixes)
            {
                return;
            }

            _sightings.Dequeue();
            if (!_prefixes.TryGetValue(oldest.Fingerprint, out var prefix) || prefix.SeenAt != oldest.At)
            {
                continue;
            }

            _prefixes.Remove(oldest.Fingerprint);
            if (isOver && prefix.IsPending)
            {
                (prefix.IsHead ? ref prefix.Of.Heads : ref prefix.Of.Histories).Add(wasReused: false);
            }
        }
    }

    private Feature Find(string? name)
    {
        name ??= "";
        if (_features.TryGetValue(name, out var feature))
        {
            return feature;
        }

        // Names drawn at random, such as ids of users, must not fill the memory.
        return _features.Count < MaxFeatures ? _features[name] = new Feature() : _rest;
    }

    private sealed class Prefix
    {
        public required Feature Of { get; init; }

        public required bool IsHead { get; init; }

        public DateTimeOffset SeenAt { get; set; }

        /// <summary>True when it was marked: the provider holds it.</summary>
        public bool IsWritten { get; set; }

        /// <summary>True while it waits to be seen again.</summary>
        public bool IsPending { get; set; }
    }

    private sealed class Feature
    {
        public ReuseRate Heads;
        public ReuseRate Histories;

        /// <summary>Kept however old: a prompt that is used once an hour is not a new one each time.</summary>
        private readonly UInt128?[] _latestHeads = new UInt128?[LatestHeads];
        private int _next;

        public int NewHeads { get; private set; }

        public void CountNewHeads(UInt128 head)
        {
            if (_latestHeads.AsSpan().Contains(head))
            {
                NewHeads = 0;
                return;
            }

            NewHeads++;
            _latestHeads[_next++ % LatestHeads] = head;
        }
    }
}
