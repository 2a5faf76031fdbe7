using System.Collections.Concurrent;

namespace LlmThrift.OutputLimits.Learning;

/// <summary>A learner for each feature and model, no more than a thousand: the one not used for longest makes room. Safe for concurrent use.</summary>
internal sealed class CapLearners(LearnedCapOptions options, TimeProvider clock)
{
    public const int MaxLearners = 1_000;

    private readonly ConcurrentDictionary<(string Feature, string Model), Slot> _slots = new(KeyComparer.Instance);
    private readonly Lock _makingRoom = new();

    public CapLearner For(string? feature, string? model)
    {
        var key = (feature ?? "", model ?? "");
        if (!_slots.TryGetValue(key, out var slot))
        {
            MakeRoom();
            slot = _slots.GetOrAdd(key, static (key, options) => new Slot(new CapLearner(key.Feature, key.Model, options)), options);
        }

        slot.UsedAt = clock.GetTimestamp();
        return slot.Learner;
    }

    public IReadOnlyList<LearnedCap> Report()
    {
        var now = clock.GetUtcNow();
        return
        [
            .. _slots
                .Values.Select(slot => slot.Learner.ReportAt(now))
                .OrderBy(cap => cap.Feature, StringComparer.OrdinalIgnoreCase)
                .ThenBy(cap => cap.Model, StringComparer.OrdinalIgnoreCase),
        ];
    }

    private void MakeRoom()
    {
        lock (_makingRoom)
        {
            while (_slots.Count >= MaxLearners)
            {
                _slots.TryRemove(_slots.MinBy(slot => slot.Value.UsedAt).Key, out _);
            }
        }
    }

    private sealed class Slot(CapLearner learner)
    {
        private long _usedAt;

        public CapLearner Learner { get; } = learner;

        public long UsedAt
        {
            get => Volatile.Read(ref _usedAt);
            set => Volatile.Write(ref _usedAt, value);
        }
    }

    private sealed class KeyComparer : IEqualityComparer<(string Feature, string Model)>
    {
        public static readonly KeyComparer Instance = new();

        public bool Equals((string Feature, string Model) x, (string Feature, string Model) y) =>
            StringComparer.OrdinalIgnoreCase.Equals(x.Feature, y.Feature) && StringComparer.OrdinalIgnoreCase.Equals(x.Model, y.Model);

        public int GetHashCode((string Feature, string Model) key) =>
            HashCode.Combine(
                StringComparer.OrdinalIgnoreCase.GetHashCode(key.Feature),
                StringComparer.OrdinalIgnoreCase.GetHashCode(key.Model)
            );
    }
}
