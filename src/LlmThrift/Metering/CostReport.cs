namespace LlmThrift.Metering;

/// <summary>
/// Adds up call records in memory: totals, and totals by model, tenant, feature, stage and hour. Safe for concurrent use.
/// </summary>
/// <remarks>
/// Bounded: each breakdown keeps at most <see cref="MaxGroups"/> names (the rest is added up under <see cref="OtherGroup"/>) and hours are kept for
/// <see cref="Retention"/>. Get it from the pipeline: <c>client.GetService&lt;CostReport&gt;()</c>, or from the services after
/// <c>services.AddCostControls()</c>.
/// </remarks>
public sealed class CostReport : ICallRecordSink
{
    /// <summary>How many names a breakdown keeps apart: 1,000.</summary>
    public const int MaxGroups = 1_000;

    /// <summary>The name under which whatever came after <see cref="MaxGroups"/> names is added up.</summary>
    public const string OtherGroup = "(other)";

    /// <summary>The name of calls that carry no tag or no model.</summary>
    public const string NoGroup = "(none)";

    private readonly Lock _gate = new();
    private readonly Dictionary<string, Totals> _byModel = [];
    private readonly Dictionary<string, Totals> _byTenant = [];
    private readonly Dictionary<string, Totals> _byFeature = [];
    private readonly SortedDictionary<DateTimeOffset, Totals> _byHour = [];
    private readonly Dictionary<string, long> _passedBy = [];
    private KeyValuePair<DateTimeOffset, Totals> _currentHour;

    /// <summary>How long hours are kept apart: 31 days before the newest record.</summary>
    public static TimeSpan Retention { get; } = TimeSpan.FromDays(31);

    /// <inheritdoc/>
    /// <exception cref="ArgumentNullException"><paramref name="record"/> is null.</exception>
    public void Record(CallRecord record)
    {
        ArgumentNullException.ThrowIfNull(record);

        // The parts are read four times: as an array, not through an interface.
        var parts = record.SavingByStage as StageSaving[] ?? [.. record.SavingByStage];
        lock (_gate)
        {
            Group(_byModel, record.Model ?? record.RequestedModel).Add(record, parts);
            Group(_byTenant, record.Tags.Tenant).Add(record, parts);
            Group(_byFeature, record.Tags.Feature).Add(record, parts);
            Hour(record.StartedAt).Add(record, parts);
            for (var index = 0; index < record.Notes.Count; index++)
            {
                if (record.Notes[index] is { PassedBy: true } note)
                {
                    var key = $"{note.Stage}: {note.Reason}";
                    _passedBy[key] = _passedBy.GetValueOrDefault(key) + 1;
                }
            }
        }
    }

    /// <summary>The sums over all records so far.</summary>
    /// <returns>A copy that later records do not change.</returns>
    public CostSummary GetSummary()
    {
        lock (_gate)
        {
            return new CostSummary
            {
                Total = Totals.SumOf(_byModel.Values),
                ByModel = ToImmutable(_byModel),
                ByTenant = ToImmutable(_byTenant),
                ByFeature = ToImmutable(_byFeature),
                ByHour = _byHour.ToDictionary(pair => pair.Key, pair => pair.Value.ToImmutable()),
                PassedBy = new Dictionary<string, long>(_passedBy),
            };
        }
    }

    /// <summary>Forgets everything.</summary>
    public void Clear()
    {
        lock (_gate)
        {
            _byModel.Clear();
            _byTenant.Clear();
            _byFeature.Clear();
            _byHour.Clear();
            _passedBy.Clear();
            _currentHour = default;
        }
    }

    private static Dictionary<string, CostTotals> ToImmutable(Dictionary<string, Totals> groups) =>
        groups.ToDictionary(pair => pair.Key, pair => pair.Value.ToImmutable());

    private static Totals Group(Dictionary<string, Totals> groups, string? name)
    {
        name ??= NoGroup;
        if (groups.TryGetValue(name, out var totals))
        {
            return totals;
        }

        if (groups.Count >= MaxGroups)
        {
            name = OtherGroup;
            if (groups.TryGetValue(name, out totals))
            {
                return totals;
            }
        }

        return groups[name] = new Totals();
    }

    private Totals Hour(DateTimeOffset time)
    {
        var hour = new DateTimeOffset(time.UtcTicks - (time.UtcTicks % TimeSpan.TicksPerHour), TimeSpan.Zero);
        if (_currentHour.Value is { } current && _currentHour.Key == hour)
        {
            return current;
        }

        if (!_byHour.TryGetValue(hour, out var totals))
        {
            _byHour[hour] = totals = new Totals();
            while (_byHour.Count > 1 && _byHour.Keys.First() is var oldest && _byHour.Keys.Last() - oldest > Retention)
            {
                _byHour.Remove(oldest);
            }
        }

        _currentHour = new(hour, totals);
        return totals;
    }

    private sealed class Totals
    {
        // There are a handful of stages: walking a list of them beats hashing their names five times a record.
        private readonly List<StageSum> _stages = [];
        private long _calls;
        private long _failed;
        private long _unpriced;
        private long _estimated;
        private decimal _baseline;
        private decimal _actual;
        private long _inputTokens;
        private long _outputTokens;
        private long _baselineInputTokens;
        private long _baselineOutputTokens;

        public void Add(CallRecord record, StageSaving[] parts)
        {
            _calls += record.IsUpkeep ? 0 : 1;
            _inputTokens += record.BilledUsage.InputTokens;
            _outputTokens += record.BilledUsage.OutputTokens;
            _baselineInputTokens += record.BaselineUsage.InputTokens;
            _baselineOutputTokens += record.BaselineUsage.OutputTokens;
            _estimated += record is { IsEstimated: true, IsUpkeep: false } ? 1 : 0;
            _failed += record.Outcome == CallOutcome.Failed ? 1 : 0;
            if (record.ServedBy is { } stage)
            {
                Stage(stage).Served++;
            }

            if (record is not { BaselineCost: { } baseline, ActualCost: { } actual })
            {
                _unpriced += record.IsUpkeep ? 0 : 1;
                return;
            }

            _baseline += baseline;
            _actual += actual;
            foreach (var part in parts)
            {
                Stage(part.Stage).Saving += part.Saving;
            }
        }

        /// <summary>All calls are in some model's totals: adding those up when asked is cheaper than keeping one more sum for every call.</summary>
        public static CostTotals SumOf(IEnumerable<Totals> groups)
        {
            var sum = new Totals();
            foreach (var group in groups)
            {
                sum._calls += group._calls;
                sum._failed += group._failed;
                sum._unpriced += group._unpriced;
                sum._estimated += group._estimated;
                sum._baseline += group._baseline;
                sum._actual += group._actual;
                sum._inputTokens += group._inputTokens;
                sum._outputTokens += group._outputTokens;
                sum._baselineInputTokens += group._baselineInputTokens;
                sum._baselineOutputTokens += group._baselineOutputTokens;
                foreach (var stage in group._stages)
                {
                    sum.Stage(stage.Name).Saving += stage.Saving;
                    sum.Stage(stage.Name).Served += stage.Served;
                }
            }

            return sum.ToImmutable();
        }

        public CostTotals ToImmutable() =>
            new()
            {
                Calls = _calls,
                FailedCalls = _failed,
                UnpricedCalls = _unpriced,
                EstimatedCalls = _estimated,
                BaselineCost = _baseline,
                ActualCost = _actual,
                InputTokens = _inputTokens,
                OutputTokens = _outputTokens,
                BaselineInputTokens = _baselineInputTokens,
                BaselineOutputTokens = _baselineOutputTokens,
                SavingByStage = _stages.ToDictionary(stage => stage.Name, stage => stage.Saving),
                CallsServedByStage = _stages.Where(stage => stage.Served > 0).ToDictionary(stage => stage.Name, stage => stage.Served),
            };

        private StageSum Stage(string name)
        {
            foreach (var stage in _stages)
            {
                if (stage.Name == name)
                {
                    return stage;
                }
            }

            var added = new StageSum(name);
            _stages.Add(added);
            return added;
        }

        private sealed class StageSum(string name)
        {
            public string Name { get; } = name;

            public decimal Saving { get; set; }

            public long Served { get; set; }
        }
    }
}
