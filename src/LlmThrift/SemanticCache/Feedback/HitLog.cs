namespace LlmThrift.SemanticCache;

/// <summary>The last hits, so that a wrong answer can be reported after the fact. Safe for concurrent use.</summary>
internal sealed class HitLog(int capacity)
{
    private readonly Lock _gate = new();
    private readonly (long Id, SemanticEntry? Entry, DecisionTrace Trace)[] _ring = new (long, SemanticEntry?, DecisionTrace)[capacity];
    private long _lastId;

    public long Count => Volatile.Read(ref _lastId);

    public long Add(SemanticEntry entry, in DecisionTrace trace)
    {
        lock (_gate)
        {
            var id = ++_lastId;
            _ring[id % capacity] = (id, entry, trace);
            return id;
        }
    }

    /// <summary>Takes a hit out, so that it is reported once; false when it is unknown, forgotten or reported before.</summary>
    public bool TryTake(long id, out SemanticEntry entry, out DecisionTrace trace)
    {
        lock (_gate)
        {
            if (id > 0 && _ring[id % capacity] is { Entry: { } known } slot && slot.Id == id)
            {
                (entry, trace) = (known, slot.Trace);
                _ring[id % capacity] = default;
                return true;
            }
        }

        (entry, trace) = (null!, default);
        return false;
    }
}
