using LlmThrift.Metering;

namespace LlmThrift.Stores;

/// <summary>Puts sums of spans of time together to the answer of a query.</summary>
internal sealed class CostHistoryBuilder(TimeSpan interval)
{
    private readonly CostSum _total = new();
    private readonly SortedDictionary<long, CostSum> _points = [];
    private readonly Dictionary<string, CostSum> _byModel = [];
    private readonly Dictionary<string, CostSum> _byTenant = [];
    private readonly Dictionary<string, CostSum> _byFeature = [];
    private readonly Dictionary<string, long> _byTier = [];
    private CostSum? _lastPoint;
    private long _lastStart = -1;

    /// <summary>Adds a span of time to the point that it falls in.</summary>
    public void AddPoint(long startTicks, CostSum sum)
    {
        var start = startTicks - (startTicks % interval.Ticks);
        if (start != _lastStart || _lastPoint is null)
        {
            _lastStart = start;
            _lastPoint = Group(_points, start);
        }

        _lastPoint.Add(sum);
    }

    /// <summary>Adds calls of one tenant, feature, model and tier to the total and the breakdowns. Null stands for none.</summary>
    public void AddGroup(string? tenant, string? feature, string? model, string? tier, CostSum sum)
    {
        _total.Add(sum);
        Group(_byModel, model ?? CostReport.NoGroup).Add(sum);
        Group(_byTenant, tenant ?? CostReport.NoGroup).Add(sum);
        Group(_byFeature, feature ?? CostReport.NoGroup).Add(sum);
        if (tier is not null && sum.Calls > 0)
        {
            _byTier[tier] = _byTier.GetValueOrDefault(tier) + sum.Calls;
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

    private static CostSum Group<TKey>(IDictionary<TKey, CostSum> groups, TKey key)
        where TKey : notnull
    {
        if (!groups.TryGetValue(key, out var sum))
        {
            groups[key] = sum = new CostSum();
        }

        return sum;
    }

    private static Dictionary<string, CostTotals> Dearest(Dictionary<string, CostSum> groups)
    {
        if (groups.Count <= CostReport.MaxGroups)
        {
            return groups.ToDictionary(group => group.Key, group => group.Value.ToTotals());
        }

        var ordered = groups.OrderByDescending(group => group.Value.Actual).ThenByDescending(group => group.Value.Calls).ToList();
        var other = new CostSum();
        foreach (var group in ordered.Skip(CostReport.MaxGroups))
        {
            other.Add(group.Value);
        }

        var dearest = ordered.Take(CostReport.MaxGroups).ToDictionary(group => group.Key, group => group.Value.ToTotals());
        if (dearest.ContainsKey(CostReport.OtherGroup))
        {
            other.Add(groups[CostReport.OtherGroup]);
        }

        dearest[CostReport.OtherGroup] = other.ToTotals();
        return dearest;
    }
}
