using System.Runtime.CompilerServices;
using LlmThrift.Stores;

namespace LlmThrift.Metering;

/// <summary>Keeps call records in this process, for as long as it runs: bounded in single calls, in sums and in names. Safe for concurrent use.</summary>
/// <remarks>
/// <para>Single calls: the last <see cref="MaxCalls"/>. Sums: by the minute for two days, by the hour for 400 days. Names: the first 10,000 tenants, features, models and
/// tiers each, the rest under <see cref="CostReport.OtherGroup"/>. Where all that is more than <see cref="MaxSums"/> sums, which is some 40 MB, the
/// oldest hours lose first their minutes and then whose calls they were; what they add up to stays.</para>
/// <para>A record is known by its id for as long as the single call is kept.</para>
/// </remarks>
public sealed class InMemoryCallRecordStore : ICallRecordStore
{
    /// <summary>How many single calls are kept: 100,000.</summary>
    public const int MaxCalls = 100_000;

    /// <summary>How many sums are kept: 100,000.</summary>
    public const int MaxSums = 100_000;

    private const int MaxNames = 10_000;

    private static readonly TimeSpan MinuteRetention = TimeSpan.FromDays(2);
    private static readonly TimeSpan HourRetention = TimeSpan.FromDays(400);

    private readonly Lock _gate = new();
    private readonly TimeProvider _clock;
    private readonly HashSet<Guid> _ids = [];
    private readonly SortedDictionary<long, CostSlot> _hours = [];
    private readonly Dictionary<string, string>[] _names =
    [
        [],
        [],
        [],
        [],
    ];
    private Queue<StoredCall> _calls = new();
    private int _sums;

    /// <summary>Makes an empty store.</summary>
    /// <param name="timeProvider">Tells how old sums are; null for the system's clock.</param>
    public InMemoryCallRecordStore(TimeProvider? timeProvider = null)
    {
        _clock = timeProvider ?? TimeProvider.System;
    }

    /// <inheritdoc/>
    /// <exception cref="ArgumentNullException"><paramref name="records"/> is null.</exception>
    public ValueTask AppendAsync(IReadOnlyList<StoredCall> records, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(records);
        cancellationToken.ThrowIfCancellationRequested();
        lock (_gate)
        {
            var now = _clock.GetUtcNow();
            foreach (var call in records)
            {
                if (_ids.Add(call.Id))
                {
                    _calls.Enqueue(call);
                    AddToSums(call, now);
                }
            }

            while (_calls.Count > MaxCalls)
            {
                _ids.Remove(_calls.Dequeue().Id);
            }

            DropOldSums(now);
        }

        return ValueTask.CompletedTask;
    }

    /// <inheritdoc/>
    /// <exception cref="ArgumentNullException"><paramref name="query"/> is null.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The interval is not more than nothing.</exception>
    public ValueTask<CostHistory> QueryAsync(CostHistoryQuery query, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(query);
        if (query.Interval <= TimeSpan.Zero)
        {
            throw new ArgumentOutOfRangeException(nameof(query), query.Interval, "Interval must be more than nothing.");
        }

        cancellationToken.ThrowIfCancellationRequested();
        lock (_gate)
        {
            return ValueTask.FromResult(Query(query));
        }
    }

    /// <inheritdoc/>
    /// <exception cref="ArgumentNullException"><paramref name="query"/> is null.</exception>
    public IAsyncEnumerable<StoredCall> ReadAsync(CostHistoryQuery query, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(query);
        return ReadAllAsync(query, cancellationToken);
    }

    /// <inheritdoc/>
    /// <exception cref="ArgumentNullException"><paramref name="query"/> is null.</exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="count"/> is less than 1.</exception>
    public ValueTask<IReadOnlyList<StoredCall>> ReadDearestAsync(CostHistoryQuery query, int count, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(query);
        ArgumentOutOfRangeException.ThrowIfLessThan(count, 1);
        cancellationToken.ThrowIfCancellationRequested();
        var dearest = new PriorityQueue<StoredCall, decimal>();
        foreach (var call in Matching(query))
        {
            if (dearest.Count < count)
            {
                dearest.Enqueue(call, call.ActualCost ?? -1m);
            }
            else
            {
                dearest.EnqueueDequeue(call, call.ActualCost ?? -1m);
            }
        }

        IReadOnlyList<StoredCall> calls =
        [
            .. dearest
                .UnorderedItems.OrderByDescending(item => item.Priority)
                .ThenByDescending(item => item.Element.StartedAt)
                .Select(item => item.Element),
        ];
        return ValueTask.FromResult(calls);
    }

    /// <inheritdoc/>
    public ValueTask<long> RemoveBeforeAsync(DateTimeOffset before, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        lock (_gate)
        {
            var kept = new Queue<StoredCall>();
            foreach (var call in _calls)
            {
                if (call.StartedAt < before)
                {
                    _ids.Remove(call.Id);
                }
                else
                {
                    kept.Enqueue(call);
                }
            }

            var removed = _calls.Count - kept.Count;
            _calls = kept;
            return ValueTask.FromResult((long)removed);
        }
    }

    private static long HourOf(DateTimeOffset time) => time.UtcTicks - (time.UtcTicks % TimeSpan.TicksPerHour);

    private static bool IsWanted(string? wanted, string? name) => wanted is null || wanted == (name ?? CostReport.NoGroup);

    /// <summary>What a name beyond the bound is found under.</summary>
    private static string? Known(string? name, Dictionary<string, string> names) =>
        name is null or CostReport.NoGroup || names.ContainsKey(name) ? name : CostReport.OtherGroup;

    private static string? Bounded(string? name, Dictionary<string, string> names)
    {
        if (name is null)
        {
            return null;
        }

        if (names.TryGetValue(name, out var known))
        {
            return known;
        }

        if (names.Count >= MaxNames)
        {
            return CostReport.OtherGroup;
        }

        return names[name] = name;
    }

    private void AddToSums(StoredCall call, DateTimeOffset now)
    {
        if (call.StartedAt < now - HourRetention)
        {
            return;
        }

        var hour = HourOf(call.StartedAt);
        if (!_hours.TryGetValue(hour, out var slot))
        {
            _hours[hour] = slot = new CostSlot();
        }

        var before = slot.Count;
        var key = new CostSlot.GroupKey(
            Bounded(call.Tags.Tenant, _names[0]),
            Bounded(call.Tags.Feature, _names[1]),
            Bounded(call.Model, _names[2]),
            Bounded(call.Tier, _names[3])
        );
        slot.Add(key, call);
        _sums += slot.Count - before;
    }

    private void DropOldSums(DateTimeOffset now)
    {
        var (firstHour, firstMinute) = (HourOf(now - HourRetention), HourOf(now - MinuteRetention));
        List<long>? old = null;
        foreach (var (hour, slot) in _hours)
        {
            if (hour < firstHour)
            {
                (old ??= []).Add(hour);
            }
            else if (hour < firstMinute && slot.HasMinutes)
            {
                Shrink(slot, static slot => slot.DropMinutes());
            }
            else if (hour >= firstMinute)
            {
                break;
            }
        }

        foreach (var hour in old ?? [])
        {
            _sums -= _hours[hour].Count;
            _hours.Remove(hour);
        }

        if (_sums <= MaxSums)
        {
            return;
        }

        // Some more than need be, so that this walk is rare.
        const int enough = MaxSums / 10 * 9;
        foreach (var slot in _hours.Values.TakeWhile(_ => _sums > enough).Where(slot => !slot.IsBare))
        {
            if (slot.HasMinutes)
            {
                Shrink(slot, static slot => slot.DropMinutes());
            }

            if (_sums > enough)
            {
                Shrink(slot, static slot => slot.DropGroups());
            }
        }
    }

    private void Shrink(CostSlot slot, Action<CostSlot> drop)
    {
        var before = slot.Count;
        drop(slot);
        _sums += slot.Count - before;
    }

    /// <summary>
    /// A slot counts when it begins within the span. Hours are taken whole where they lie in it whole and the points are made of whole hours, else by their minutes, where these
    /// are still kept.
    /// </summary>
    private CostHistory Query(CostHistoryQuery query)
    {
        var result = new HistoryBuilder(query.Interval.Ticks);
        var (from, to) = (query.From.UtcTicks, query.To.UtcTicks);
        var tenant = Known(query.Tenant, _names[0]);
        var feature = Known(query.Feature, _names[1]);
        var model = Known(query.Model, _names[2]);
        var needsMinutes = query.Interval.Ticks % TimeSpan.TicksPerHour != 0;
        foreach (var (hour, slot) in _hours)
        {
            if (hour >= to)
            {
                break;
            }

            var end = hour + TimeSpan.TicksPerHour;
            if (end <= from)
            {
                continue;
            }

            if (slot.HasMinutes && (needsMinutes || hour < from || end > to))
            {
                for (var minute = 0; minute < 60; minute++)
                {
                    var start = hour + (minute * TimeSpan.TicksPerMinute);
                    if (start >= from && start < to)
                    {
                        Add(start, slot.Minute(minute));
                    }
                }
            }
            else if (hour >= from)
            {
                Add(hour, slot.Hour());
            }
        }

        return result.Build();

        void Add(long start, IEnumerable<KeyValuePair<CostSlot.GroupKey, CostSum>> groups)
        {
            foreach (var (key, sum) in groups)
            {
                if (IsWanted(tenant, key.Tenant) && IsWanted(feature, key.Feature) && IsWanted(model, key.Model))
                {
                    result.Add(start, key, sum);
                }
            }
        }
    }

    private async IAsyncEnumerable<StoredCall> ReadAllAsync(
        CostHistoryQuery query,
        [EnumeratorCancellation] CancellationToken cancellationToken
    )
    {
        cancellationToken.ThrowIfCancellationRequested();
        await Task.CompletedTask.ConfigureAwait(false);
        foreach (var call in Matching(query).OrderByDescending(call => call.StartedAt).ThenByDescending(call => call.Id))
        {
            cancellationToken.ThrowIfCancellationRequested();
            yield return call;
        }
    }

    private List<StoredCall> Matching(CostHistoryQuery query)
    {
        lock (_gate)
        {
            return
            [
                .. _calls.Where(call =>
                    call.StartedAt >= query.From
                    && call.StartedAt < query.To
                    && IsWanted(query.Tenant, call.Tags.Tenant)
                    && IsWanted(query.Feature, call.Tags.Feature)
                    && IsWanted(query.Model, call.Model)
                ),
            ];
        }
    }

    /// <summary>Puts sums of slots together to the answer of a query. Names are bounded already.</summary>
    private sealed class HistoryBuilder(long interval)
    {
        private readonly CostSum _total = new();
        private readonly SortedDictionary<long, CostSum> _points = [];
        private readonly Dictionary<string, CostSum> _byModel = [];
        private readonly Dictionary<string, CostSum> _byTenant = [];
        private readonly Dictionary<string, CostSum> _byFeature = [];
        private readonly Dictionary<string, long> _byTier = [];

        public void Add(long start, in CostSlot.GroupKey key, CostSum sum)
        {
            _total.Add(sum);
            Of(_points, start - (start % interval)).Add(sum);
            Of(_byModel, key.Model ?? CostReport.NoGroup).Add(sum);
            Of(_byTenant, key.Tenant ?? CostReport.NoGroup).Add(sum);
            Of(_byFeature, key.Feature ?? CostReport.NoGroup).Add(sum);
            if (key.Tier is not null && sum.Calls > 0)
            {
                _byTier[key.Tier] = _byTier.GetValueOrDefault(key.Tier) + sum.Calls;
            }
        }

        public CostHistory Build() =>
            new()
            {
                Total = _total.ToTotals(),
                Points =
                [
                    .. _points.Select(point => new CostHistoryPoint(new DateTimeOffset(point.Key, TimeSpan.Zero), point.Value.ToTotals())),
                ],
                ByModel = Dearest(_byModel),
                ByTenant = Dearest(_byTenant),
                ByFeature = Dearest(_byFeature),
                CallsByTier = _byTier,
            };

        private static Dictionary<string, CostTotals> Dearest(Dictionary<string, CostSum> groups)
        {
            if (groups.Count > CostReport.MaxGroups)
            {
                var cheapest = groups
                    .Where(group => group.Key != CostReport.OtherGroup)
                    .OrderByDescending(group => group.Value.Actual)
                    .ThenByDescending(group => group.Value.Calls)
                    .Skip(CostReport.MaxGroups)
                    .ToList();
                foreach (var (name, sum) in cheapest)
                {
                    groups.Remove(name);
                    Of(groups, CostReport.OtherGroup).Add(sum);
                }
            }

            return groups.ToDictionary(group => group.Key, group => group.Value.ToTotals());
        }

        private static CostSum Of<TKey>(IDictionary<TKey, CostSum> groups, TKey key)
            where TKey : notnull
        {
            if (!groups.TryGetValue(key, out var sum))
            {
                groups[key] = sum = new CostSum();
            }

            return sum;
        }
    }
}
