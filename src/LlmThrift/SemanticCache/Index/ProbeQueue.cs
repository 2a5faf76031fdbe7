namespace LlmThrift.SemanticCache;

/// <summary>Lists by falling priority: a binary heap in memory of the caller. Few of thousands are ever taken.</summary>
internal ref struct ProbeQueue(Span<ulong> items)
{
    private Span<ulong> _items = items;

    /// <summary>Packs a priority and a number so that packed values are ordered as the priorities are.</summary>
    public static ulong Pack(float priority, int number)
    {
        var bits = BitConverter.SingleToUInt32Bits(priority);
        var ordered = (bits & 0x8000_0000) != 0 ? ~bits : bits | 0x8000_0000;
        return ((ulong)ordered << 32) | (uint)number;
    }

    public readonly void Order()
    {
        for (var i = (_items.Length / 2) - 1; i >= 0; i--)
        {
            SiftDown(i);
        }
    }

    public bool TryTake(out float priority, out int number)
    {
        if (_items.IsEmpty)
        {
            (priority, number) = (0, 0);
            return false;
        }

        var first = _items[0];
        _items[0] = _items[^1];
        _items = _items[..^1];
        SiftDown(0);
        var ordered = (uint)(first >> 32);
        priority = BitConverter.UInt32BitsToSingle((ordered & 0x8000_0000) != 0 ? ordered & 0x7FFF_FFFF : ~ordered);
        number = (int)(uint)first;
        return true;
    }

    private readonly void SiftDown(int parent)
    {
        while (true)
        {
            var child = (2 * parent) + 1;
            if (child >= _items.Length)
            {
                return;
            }

            if (child + 1 < _items.Length && _items[child + 1] > _items[child])
            {
                child++;
            }

            if (_items[parent] >= _items[child])
            {
                return;
            }

            (_items[parent], _items[child]) = (_items[child], _items[parent]);
            parent = child;
        }
    }
}
