using LlmThrift.Stores;

namespace LlmThrift.Metering;

/// <summary>The sums of one hour, by whom they are for, and for as long as they are kept, those of its minutes. Not safe for concurrent use.</summary>
internal sealed class CostSlot
{
    private const int MinutesAnHour = 60;

    private static readonly GroupKey Other = new(CostReport.OtherGroup, CostReport.OtherGroup, CostReport.OtherGroup, null);

    private Dictionary<GroupKey, CostSum>? _groups = [];
    private Dictionary<GroupKey, CostSum>?[]? _minutes = new Dictionary<GroupKey, CostSum>?[MinutesAnHour];

    /// <summary>Whose calls a sum is of. Null stands for none.</summary>
    internal readonly record struct GroupKey(string? Tenant, string? Feature, string? Model, string? Tier);

    /// <summary>How many sums there are, minutes included.</summary>
    public int Count { get; private set; }

    public bool HasMinutes => _minutes is not null;

    /// <summary>Nothing more can be left out of it.</summary>
    public bool IsBare => _minutes is null && Count <= 1;

    public void Add(in GroupKey key, StoredCall call)
    {
        Of(_groups ??= [], key).Add(call);
        if (_minutes is not null)
        {
            Of(_minutes[call.StartedAt.UtcDateTime.Minute] ??= [], key).Add(call);
        }
    }

    public IEnumerable<KeyValuePair<GroupKey, CostSum>> Hour() => _groups ?? [];

    public IEnumerable<KeyValuePair<GroupKey, CostSum>> Minute(int minute) => _minutes?[minute] ?? [];

    public void DropMinutes()
    {
        Count = _groups?.Count ?? 0;
        _minutes = null;
    }

    /// <summary>Leaves out whose calls they were.</summary>
    public void DropGroups()
    {
        var sum = new CostSum();
        foreach (var (_, group) in _groups ?? [])
        {
            sum.Add(group);
        }

        Count -= (_groups?.Count ?? 0) - 1;
        _groups = new() { [Other] = sum };
    }

    private CostSum Of(Dictionary<GroupKey, CostSum> groups, GroupKey key)
    {
        if (groups.TryGetValue(key, out var sum))
        {
            return sum;
        }

        Count++;
        return groups[key] = new CostSum();
    }
}
