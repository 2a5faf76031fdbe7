namespace LlmThrift.SemanticCache;

/// <summary>One version of a list of entries: blocks that fill from the front, and a bit for each slot whose entry is gone.</summary>
/// <remarks>
/// Readers take no lock. An entry is written before the count that shows it, a removal sets a bit, and a slot is never used twice, so what a reader
/// sees of a slot never changes under it. Whatever needs more makes another version that shares the blocks. Only one thread writes at a time.
/// </remarks>
internal sealed class InvertedList
{
    private readonly byte[][] _blocks;
    private readonly byte[] _sketches;
    private readonly uint[] _removed;
    private int _slots;

    private InvertedList(float[]? origin, byte[][] blocks, byte[] sketches, uint[] removed, int slots, int live)
    {
        Origin = origin;
        _blocks = blocks;
        _sketches = sketches;
        _removed = removed;
        _slots = slots;
        Live = live;
    }

    /// <summary>Gets an empty list of an index that has no other.</summary>
    public static InvertedList Empty { get; } = new(null, [], [], [], 0, 0);

    /// <summary>Gets the centroid that sketches of entries are relative to; null for the only list, which has no sketches.</summary>
    public float[]? Origin { get; }

    /// <summary>Gets the number of slots in use, those of removed entries too.</summary>
    public int Slots => Volatile.Read(ref _slots);

    /// <summary>Gets the number of entries. For the writer.</summary>
    public int Live { get; private set; }

    public ReadOnlySpan<byte[]> Blocks => _blocks;

    /// <summary>Gets the sketches of all blocks, one after another; none where there is no <see cref="Origin"/>.</summary>
    public byte[] Sketches => _sketches;

    /// <summary>Makes an empty list about a centroid.</summary>
    public static InvertedList About(float[]? origin) => new(origin, [], [], [], 0, 0);

    public bool IsRemoved(int slot) =>
        (Volatile.Read(ref _removed[slot / VectorLayout.FullBlock]) & (1u << (slot % VectorLayout.FullBlock))) != 0;

    public bool IsFull(VectorLayout layout) => _slots == Capacity(layout);

    /// <summary>Makes a version with room for more: twice the last block, or another block.</summary>
    public InvertedList Grown(VectorLayout layout)
    {
        byte[][] blocks = [.. _blocks];
        uint[] removed = [.. _removed];
        var sketches = _sketches;
        var last = blocks.Length == 0 ? 0 : layout.CapacityOf(blocks[^1]);
        if (last is 0 or VectorLayout.FullBlock)
        {
            // An index of one list may be one of thousands with an entry or two; a list among others takes whole blocks, which have sketches.
            blocks =
            [
                .. blocks,
                layout.NewBlock(
                    Origin is not null ? VectorLayout.FullBlock
                    : last == 0 ? 1
                    : 4
                ),
            ];
            removed = [.. removed, 0];
            if (Origin is not null)
            {
                sketches = GC.AllocateUninitializedArray<byte>(blocks.Length * layout.SketchesSize);
                _sketches.CopyTo(sketches, 0);
            }
        }
        else
        {
            var larger = layout.NewBlock(last * 2);
            for (var slot = 0; slot < last; slot++)
            {
                layout.Copy(blocks[^1], slot, larger, slot);
            }

            blocks[^1] = larger;
        }

        return new InvertedList(Origin, blocks, sketches, removed, _slots, Live);
    }

    /// <summary>Makes a version whose slots can be marked as removed without the readers of this one noticing.</summary>
    public InvertedList Copy() => new(Origin, _blocks, _sketches, [.. _removed], _slots, Live);

    public void Append(VectorLayout layout, int id, ReadOnlySpan<float> vector)
    {
        var block = _blocks[_slots / VectorLayout.FullBlock];
        layout.Write(block, _slots % VectorLayout.FullBlock, id, vector);
        Sketch(layout, block);
        Show();
    }

    public void Append(VectorLayout layout, byte[] source, int sourceSlot)
    {
        var block = _blocks[_slots / VectorLayout.FullBlock];
        layout.Copy(source, sourceSlot, block, _slots % VectorLayout.FullBlock);
        Sketch(layout, block);
        Show();
    }

    public void MarkRemoved(int slot)
    {
        ref var bits = ref _removed[slot / VectorLayout.FullBlock];
        Volatile.Write(ref bits, bits | (1u << (slot % VectorLayout.FullBlock)));
        Live--;
    }

    /// <summary>Finds the slot of an id, -1 if there is none.</summary>
    public int Find(VectorLayout layout, int id)
    {
        for (var start = 0; start < _slots; start += VectorLayout.FullBlock)
        {
            var ids = layout.Ids(_blocks[start / VectorLayout.FullBlock]);
            var count = Math.Min(VectorLayout.FullBlock, _slots - start);
            for (var from = 0; from < count; from++)
            {
                // An id that was removed and added again lies here twice.
                var offset = ids[from..count].IndexOf(id);
                if (offset < 0)
                {
                    break;
                }

                from += offset;
                if (!IsRemoved(start + from))
                {
                    return start + from;
                }
            }
        }

        return -1;
    }

    public long SizeInBytes
    {
        get
        {
            // Object headers, fields and references of a 64-bit process.
            var size =
                64L
                + (_sketches.Length == 0 ? 0 : 24 + _sketches.Length)
                + (Origin is null ? 0 : 24 + (sizeof(float) * Origin.Length))
                + 24
                + (8 * _blocks.Length)
                + 24
                + (sizeof(uint) * _removed.Length);
            foreach (var block in _blocks)
            {
                size += 24 + block.Length;
            }

            return size;
        }
    }

    private int Capacity(VectorLayout layout) =>
        _blocks.Length == 0 ? 0 : ((_blocks.Length - 1) * VectorLayout.FullBlock) + layout.CapacityOf(_blocks[^1]);

    private void Sketch(VectorLayout layout, byte[] block)
    {
        if (Origin is not null)
        {
            var (number, slot) = Math.DivRem(_slots, VectorLayout.FullBlock);
            Span<float> vector = stackalloc float[layout.Stride];
            layout.Read(block, slot, vector);
            layout.Factors(_sketches, number)[slot] = SemanticCache.Sketches.Write(
                vector,
                Origin,
                layout.SketchesOf(_sketches, number),
                slot
            );
        }
    }

    private void Show()
    {
        Live++;
        Volatile.Write(ref _slots, _slots + 1);
    }
}
