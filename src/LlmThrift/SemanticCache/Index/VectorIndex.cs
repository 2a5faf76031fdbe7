using System.Runtime.CompilerServices;

namespace LlmThrift.SemanticCache;

/// <summary>
/// Finds the entries nearest to a vector by cosine similarity, in process: an inverted-file index of 12-bit vectors whose lists split and merge
/// as entries come and go (after SPFresh's LIRE protocol, Xu et al., SOSP 2023).
/// </summary>
/// <remarks>
/// <para>
/// Up to 4,096 entries, every entry is compared with the query: the outcome is exact but for the rounding to 12 bits. Beyond that, lists are read
/// best first until no other can be expected to hold an entry nearer than the tenth.
/// </para>
/// <para>
/// Every member may be called by any thread at any time. <see cref="Search(ReadOnlySpan{float}, Span{Neighbor})"/> takes no lock and never waits, not
/// even while a list is divided. It sees every entry whose <see cref="Add"/> returned before it began, and none whose <see cref="Remove"/> returned
/// before it began; of those that come and go meanwhile it may see either. Additions and removals wait for one another.
/// </para>
/// <para>The same additions and removals in the same order make the same index.</para>
/// </remarks>
internal sealed partial class VectorIndex
{
    /// <summary>The greatest number of dimensions.</summary>
    public const int MaxDimensions = 4096;

    private readonly Lock _gate = new();
    private readonly VectorLayout _layout;
    private readonly int _leastListLimit;

    // Which list each id is in, once there are several.
    private Dictionary<int, int>? _listOf;
    private ListTable _table = ListTable.Empty;
    private int _count;

    /// <summary>Makes an empty index.</summary>
    /// <param name="dimensions">Components of a vector, from 1 to <see cref="MaxDimensions"/>.</param>
    /// <param name="listLimit">Entries of a list before it is divided, as long as the index is not large.</param>
    public VectorIndex(int dimensions, int listLimit = 256)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(dimensions, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(dimensions, MaxDimensions);
        ArgumentOutOfRangeException.ThrowIfLessThan(listLimit, 8);
        _layout = new VectorLayout(dimensions);
        _leastListLimit = listLimit;
    }

    /// <summary>Gets the number of components of a vector.</summary>
    public int Dimensions => _layout.Dimensions;

    /// <summary>Gets the number of entries.</summary>
    public int Count => Volatile.Read(ref _count);

    /// <summary>Gets the bytes that the index occupies, all its parts counted.</summary>
    public long SizeInBytes
    {
        get
        {
            lock (_gate)
            {
                var size = 160L + (8 * _table.Count) + (_listOf is null ? 0 : 80 + (20L * _listOf.Capacity));
                for (var number = 0; number < _table.Count; number++)
                {
                    size += _table.List(number).SizeInBytes;
                }

                foreach (var block in _table.Centroids)
                {
                    size += block.SizeInBytes;
                }

                return size;
            }
        }
    }

    /// <summary>Adds an entry.</summary>
    /// <param name="id">Its id, not in the index.</param>
    /// <param name="vector">Its vector, of <see cref="Dimensions"/> components and of any length but zero.</param>
    /// <exception cref="ArgumentException">
    /// The vector has another number of components, is zero or is not finite, or the id is in the index; the index is as it was.
    /// </exception>
    [SkipLocalsInit]
    public void Add(int id, ReadOnlySpan<float> vector)
    {
        Span<float> unit = stackalloc float[_layout.Stride];
        Span<sbyte> codes = stackalloc sbyte[_layout.Stride];
        var query = Prepare(vector, unit, codes);
        lock (_gate)
        {
            if (Contains(id))
            {
                throw new ArgumentException($"The id {id} is in the index already; remove it first.", nameof(id));
            }

            if (_table.Count == 0)
            {
                Volatile.Write(ref _table, ListTable.OfOne(InvertedList.Empty));
            }

            var number = Nearest(query);
            WithRoom(number).Append(_layout, id, query.Values);
            _listOf?.Add(id, number);
            Volatile.Write(ref _count, _count + 1);
            if (_table.List(number).Slots > ListLimit)
            {
                CompactOrDivide(number);
            }
        }
    }

    /// <summary>Removes an entry; false if there is none of that id.</summary>
    public bool Remove(int id)
    {
        lock (_gate)
        {
            if (!TryFind(id, out var number, out var slot))
            {
                return false;
            }

            var list = _table.List(number);
            list.MarkRemoved(slot);
            _listOf?.Remove(id);
            Volatile.Write(ref _count, _count - 1);
            CompactOrMerge(number);
            return true;
        }
    }

    /// <summary>Finds the entries nearest to a vector.</summary>
    /// <param name="vector">The vector, of <see cref="Dimensions"/> components and of any length but zero.</param>
    /// <param name="destination">Receives the neighbours by falling similarity, at most 32; its length says how many are wanted. Beyond the tenth, near ones may be missed.</param>
    /// <returns>How many were found.</returns>
    /// <exception cref="ArgumentException">The vector has another number of components, is zero or is not finite.</exception>
    public int Search(ReadOnlySpan<float> vector, Span<Neighbor> destination) => Search(vector, destination, leastSimilarity: -1);

    /// <summary>Finds the entries nearest to a vector if there is one near enough; ends early where there is none.</summary>
    /// <param name="vector">The vector, of <see cref="Dimensions"/> components and of any length but zero.</param>
    /// <param name="destination">Receives the neighbours by falling similarity, at most 32; its length says how many are wanted.</param>
    /// <param name="leastSimilarity">The nearest must be so similar for any to be found; the others may be less.</param>
    /// <returns>How many were found.</returns>
    /// <exception cref="ArgumentException">The vector has another number of components, is zero or is not finite.</exception>
    public int Search(ReadOnlySpan<float> vector, Span<Neighbor> destination, float leastSimilarity) =>
        Search(vector, destination, SearchEffort.For(Count) with { LeastSimilarity = leastSimilarity });

    /// <summary>Finds the entries nearest to a vector with an effort of the caller's choice.</summary>
    [SkipLocalsInit]
    public int Search(ReadOnlySpan<float> vector, Span<Neighbor> destination, SearchEffort effort)
    {
        Span<float> unit = stackalloc float[_layout.Stride];
        Span<sbyte> codes = stackalloc sbyte[_layout.Stride];
        var query = Prepare(vector, unit, codes);
        var isSmall = Count <= effort.ExactEntries;
        return IndexSearch.Search(Volatile.Read(ref _table), _layout, query, destination, effort, isSmall);
    }

    private QueryVector Prepare(ReadOnlySpan<float> vector, Span<float> unit, Span<sbyte> codes)
    {
        if (vector.Length != _layout.Dimensions)
        {
            throw new ArgumentException(
                $"A vector of {vector.Length} components does not fit an index of {_layout.Dimensions} dimensions.",
                nameof(vector)
            );
        }

        if (!FloatKernels.TryNormalize(vector, unit))
        {
            throw new ArgumentException("The vector is zero or not finite, so it has no direction.", nameof(vector));
        }

        return new QueryVector(unit, codes);
    }

    private bool Contains(int id) => _listOf?.ContainsKey(id) ?? TryFind(id, out _, out _);

    private bool TryFind(int id, out int number, out int slot)
    {
        number = 0;
        slot = -1;
        if (_table.Count > 0 && (_listOf is null || _listOf.TryGetValue(id, out number)))
        {
            slot = _table.List(number).Find(_layout, id);
        }

        return slot >= 0;
    }

    private InvertedList WithRoom(int number)
    {
        var list = _table.List(number);
        if (list.IsFull(_layout))
        {
            list = list.Grown(_layout);
            _table.ReplaceByGrown(number, list);
        }

        return list;
    }
}
