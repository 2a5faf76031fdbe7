namespace LlmThrift.SemanticCache;

/// <summary>A snapshot of an index: its lists, and the centroid of each once there are several.</summary>
/// <remarks>
/// Entries move between lists only from one snapshot to the next, so a reader that keeps one snapshot sees each entry once. Within a
/// snapshot, a list may be replaced by a version of itself with more room: the same entries in the same slots.
/// </remarks>
internal sealed class ListTable
{
    private readonly InvertedList[] _lists;
    private readonly CentroidBlock[] _centroids;

    private ListTable(InvertedList[] lists, CentroidBlock[] centroids)
    {
        _lists = lists;
        _centroids = centroids;
    }

    public static ListTable Empty { get; } = new([], []);

    public int Count => _lists.Length;

    public ReadOnlySpan<CentroidBlock> Centroids => _centroids;

    public static ListTable OfOne(InvertedList list) => new([list], []);

    public InvertedList List(int number) => Volatile.Read(ref _lists[number]);

    /// <summary>Puts in a version of a list with more room.</summary>
    public void ReplaceByGrown(int number, InvertedList grown) => Volatile.Write(ref _lists[number], grown);

    /// <summary>Makes a snapshot to be changed before anyone sees it.</summary>
    public Draft Change() => new(this);

    /// <summary>A snapshot in the making.</summary>
    internal sealed class Draft(ListTable table)
    {
        private InvertedList[] _lists = [.. table._lists];
        private CentroidBlock[] _centroids = [.. table._centroids];

        public void Set(int number, InvertedList list) => _lists[number] = list;

        public void Set(int number, ReadOnlySpan<sbyte> codes, float scale, float spread)
        {
            var (block, slot) = Math.DivRem(number, CentroidBlock.Capacity);
            if (block == _centroids.Length)
            {
                _centroids = [.. _centroids, new CentroidBlock(codes.Length)];
            }

            // Readers of the snapshot before keep the block as it was.
            _centroids[block] = _centroids[block].With(slot, codes, scale, spread);
        }

        public void Add(InvertedList list) => _lists = [.. _lists, list];

        /// <summary>Takes a list out; the last list takes its number.</summary>
        public void Remove(int number)
        {
            var last = _lists.Length - 1;
            var (block, slot) = Math.DivRem(last, CentroidBlock.Capacity);
            if (number != last)
            {
                var centroid = _centroids[block];
                _lists[number] = _lists[last];
                Set(number, centroid.CodesOf(slot), centroid.Scales[slot], centroid.Spreads[slot]);
            }

            _lists = _lists[..last];
            _centroids = slot == 0 ? _centroids[..block] : _centroids;
        }

        public ListTable Publish() => new(_lists, _centroids);
    }
}
