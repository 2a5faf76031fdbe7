using System.Buffers;

namespace LlmThrift.SemanticCache;

/// <content>Keeping the lists short and their entries near their centroids. All of it under the writers' lock.</content>
internal sealed partial class VectorIndex
{
    // Lists around a divided one whose entries may be nearer to a new centroid.
    private const int Vicinity = 32;

    // Lists grow with the square root of the entries: so do the centroids, and the time to compare them all.
    private int ListLimit => Math.Max(_leastListLimit, (int)Math.Sqrt(_count) / 2);

    private static bool IsCloserThan(float score, float other) => score > other + 1e-6f;

    // With c a centroid, |x − c|² = |x|² − 2 (x·c − |c|²/2): the greater this score, the nearer.
    private static float Nearness(int dot, float scale, float centroidScale, float spread) =>
        (dot * scale * centroidScale) - ((1 - (spread * spread)) / 2);

    private int Nearest(QueryVector vector)
    {
        Span<int> nearest = stackalloc int[1];
        return _table.Count > 1 && NearestLists(vector.Codes, vector.Scale, nearest) > 0 ? nearest[0] : 0;
    }

    /// <summary>Finds the lists whose centroids are nearest to a vector, nearest first.</summary>
    private int NearestLists(ReadOnlySpan<sbyte> codes, float scale, Span<int> nearest)
    {
        Span<float> scores = stackalloc float[nearest.Length];
        Span<long> places = stackalloc long[nearest.Length];
        Span<int> dots = stackalloc int[CentroidBlock.Capacity];
        var best = new CandidateList(scores, places);
        for (var start = 0; start < _table.Count; start += CentroidBlock.Capacity)
        {
            var centroids = _table.Centroids[start / CentroidBlock.Capacity];
            var count = Math.Min(CentroidBlock.Capacity, _table.Count - start);
            DotKernels.Dots(codes, centroids.Codes(count), dots[..count]);
            for (var i = 0; i < count; i++)
            {
                var score = Nearness(dots[i], scale, centroids.Scales[i], centroids.Spreads[i]);
                if (score > best.Threshold)
                {
                    best.Add(score, start + i, 0);
                }
            }
        }

        for (var rank = 0; rank < best.Count; rank++)
        {
            nearest[rank] = best.At(rank).List;
        }

        return best.Count;
    }

    private void CompactOrDivide(int number)
    {
        if (_table.List(number).Live > ListLimit * 3 / 4)
        {
            Divide(number);
        }
        else
        {
            Compact(number);
        }
    }

    private void CompactOrMerge(int number)
    {
        var list = _table.List(number);
        if (_count == 0)
        {
            _listOf = null;
            Volatile.Write(ref _table, ListTable.Empty);
        }
        else if (_table.Count > 1 && list.Live < ListLimit / 8)
        {
            Dissolve(number);
        }
        else if (list.Slots - list.Live > Math.Max(4, list.Slots / 4))
        {
            Compact(number);
        }
    }

    /// <summary>Writes a list anew without the slots of removed entries.</summary>
    private void Compact(int number)
    {
        var compacted = InvertedList.About(_table.List(number).Origin);
        foreach (var (block, slot) in LiveEntries(_table.List(number)))
        {
            Append(ref compacted, block, slot);
        }

        var draft = _table.Change();
        draft.Set(number, compacted);
        Volatile.Write(ref _table, draft.Publish());
    }

    /// <summary>Gives the entries of a list that has become short to the lists that are nearest.</summary>
    private void Dissolve(int number)
    {
        var vector = new float[_layout.Stride];
        var codes = new sbyte[_layout.Stride];
        Span<int> nearest = stackalloc int[2];
        foreach (var (block, slot) in LiveEntries(_table.List(number)))
        {
            _layout.Read(block, slot, vector);
            NearestLists(codes, VectorLayout.Quantize(vector, codes), nearest);
            var target = nearest[0] == number ? nearest[1] : nearest[0];

            // Readers of the snapshot to come must find it there, so it is put there first.
            WithRoom(target).Append(_layout, block, slot);
            _listOf![_layout.Ids(block)[slot]] = target;
        }

        var last = _table.Count - 1;
        var draft = _table.Change();
        draft.Remove(number);
        if (number != last)
        {
            foreach (var (block, slot) in LiveEntries(_table.List(last)))
            {
                _listOf![_layout.Ids(block)[slot]] = number;
            }
        }

        Volatile.Write(ref _table, draft.Publish());
    }

    /// <summary>
    /// Divides a list in two, and moves what has come to lie nearer to another centroid: entries of the divided list to lists around it, and
    /// entries of those to the two new ones. Readers see all of it at once.
    /// </summary>
    private void Divide(int number)
    {
        var entries = LiveEntries(_table.List(number));
        var stride = _layout.Stride;
        var rented = ArrayPool<float>.Shared.Rent(entries.Count * stride);
        var vectors = rented.AsSpan(0, entries.Count * stride);
        for (var i = 0; i < entries.Count; i++)
        {
            _layout.Read(entries[i].Block, entries[i].Slot, vectors.Slice(i * stride, stride));
        }

        if (_listOf is null)
        {
            _listOf = new Dictionary<int, int>(entries.Count);
            foreach (var (block, slot) in entries)
            {
                _listOf.Add(_layout.Ids(block)[slot], 0);
            }
        }

        var halves = new Halves(stride);
        var isSecond = TwoMeans.Divide(vectors, stride, halves.Mean(0), halves.Mean(1));
        halves.Measure();

        Span<int> around = stackalloc int[Vicinity + 1];
        around = _table.Count > 1 ? around[..Around(number, around)] : [];
        var newNumber = _table.Count;
        var first = InvertedList.About(halves.Origin(0));
        var second = InvertedList.About(halves.Origin(1));
        for (var i = 0; i < entries.Count; i++)
        {
            var (block, slot) = entries[i];
            var half = isSecond[i] ? 1 : 0;
            var vector = vectors.Slice(i * stride, stride);
            var target = NearerList(vector, halves.Nearness(half, vector), around);
            if (target >= 0)
            {
                // Readers of the snapshot to come must find it there, so it is put there first.
                WithRoom(target).Append(_layout, block, slot);
                _listOf[_layout.Ids(block)[slot]] = target;
            }
            else if (isSecond[i])
            {
                Append(ref second, block, slot);
                _listOf[_layout.Ids(block)[slot]] = newNumber;
            }
            else
            {
                Append(ref first, block, slot);
            }
        }

        ArrayPool<float>.Shared.Return(rented);
        var draft = _table.Change();
        foreach (var neighbor in around)
        {
            Attract(neighbor, number, newNumber, halves, ref first, ref second, draft);
        }

        draft.Set(number, first);
        draft.Add(second);
        draft.Set(number, halves.Codes(0), halves.Scale(0), halves.Spread(0));
        draft.Set(newNumber, halves.Codes(1), halves.Scale(1), halves.Spread(1));
        Volatile.Write(ref _table, draft.Publish());
    }

    private int Around(int number, Span<int> around)
    {
        var centroids = _table.Centroids[number / CentroidBlock.Capacity];
        var slot = number % CentroidBlock.Capacity;
        var found = NearestLists(centroids.CodesOf(slot), centroids.Scales[slot], around);
        var self = around[..found].IndexOf(number);
        if (self >= 0)
        {
            around[(self + 1)..found].CopyTo(around[self..]);
        }

        return self >= 0 ? found - 1 : found;
    }

    // The list around with room whose centroid is nearer than that of the entry's half, -1 if there is none.
    private int NearerList(ReadOnlySpan<float> vector, float ownScore, ReadOnlySpan<int> around)
    {
        Span<sbyte> codes = stackalloc sbyte[_layout.Stride];
        Span<int> dot = stackalloc int[1];
        var scale = VectorLayout.Quantize(vector, codes);
        var best = -1;
        foreach (var neighbor in around)
        {
            var centroids = _table.Centroids[neighbor / CentroidBlock.Capacity];
            var slot = neighbor % CentroidBlock.Capacity;
            DotKernels.Dots(codes, centroids.CodesOf(slot), dot);
            var score = Nearness(dot[0], scale, centroids.Scales[slot], centroids.Spreads[slot]);
            if (IsCloserThan(score, ownScore) && _table.List(neighbor).Slots < ListLimit)
            {
                (best, ownScore) = (neighbor, score);
            }
        }

        return best;
    }

    // Takes from a list what is nearer to one of the new centroids than to its own.
    private void Attract(
        int neighbor,
        int number,
        int newNumber,
        Halves halves,
        ref InvertedList first,
        ref InvertedList second,
        ListTable.Draft draft
    )
    {
        Span<int> dots = stackalloc int[3 * VectorLayout.FullBlock];
        var centroids = _table.Centroids[neighbor / CentroidBlock.Capacity];
        var place = neighbor % CentroidBlock.Capacity;
        var list = _table.List(neighbor);
        InvertedList? changed = null;
        for (var start = 0; start < list.Slots; start += VectorLayout.FullBlock)
        {
            var block = list.Blocks[start / VectorLayout.FullBlock];
            var count = Math.Min(VectorLayout.FullBlock, list.Slots - start);
            var codes = _layout.Codes(block, count);
            var own = dots[..count];
            var toFirst = dots.Slice(count, count);
            var toSecond = dots.Slice(2 * count, count);
            DotKernels.Dots(centroids.CodesOf(place), codes, own);
            DotKernels.Dots(halves.Codes(0), codes, toFirst);
            DotKernels.Dots(halves.Codes(1), codes, toSecond);
            for (var i = 0; i < count; i++)
            {
                var scale = _layout.Scales(block)[i];
                var ownScore = Nearness(own[i], scale, centroids.Scales[place], centroids.Spreads[place]);
                var firstScore = Nearness(toFirst[i], scale, halves.Scale(0), halves.Spread(0));
                var secondScore = Nearness(toSecond[i], scale, halves.Scale(1), halves.Spread(1));
                ref var target = ref firstScore >= secondScore ? ref first : ref second;
                if (!IsCloserThan(Math.Max(firstScore, secondScore), ownScore) || target.Slots >= ListLimit || list.IsRemoved(start + i))
                {
                    continue;
                }

                changed ??= list.Copy();
                changed.MarkRemoved(start + i);
                _listOf![_layout.Ids(block)[i]] = firstScore >= secondScore ? number : newNumber;
                Append(ref target, block, i);
            }
        }

        if (changed is not null)
        {
            draft.Set(neighbor, changed);
        }
    }

    private void Append(ref InvertedList list, byte[] block, int slot)
    {
        if (list.IsFull(_layout))
        {
            list = list.Grown(_layout);
        }

        list.Append(_layout, block, slot);
    }

    private static List<(byte[] Block, int Slot)> LiveEntries(InvertedList list)
    {
        var entries = new List<(byte[] Block, int Slot)>(list.Live);
        for (var slot = 0; slot < list.Slots; slot++)
        {
            if (!list.IsRemoved(slot))
            {
                entries.Add((list.Blocks[slot / VectorLayout.FullBlock], slot % VectorLayout.FullBlock));
            }
        }

        return entries;
    }
}
