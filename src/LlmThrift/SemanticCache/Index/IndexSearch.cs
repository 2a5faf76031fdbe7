using System.Buffers;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace LlmThrift.SemanticCache;

/// <summary>Searches one snapshot of an index. Holds no lock and allocates nothing.</summary>
/// <remarks>
/// Lists are read best first. The best a list can promise is estimated as its centroid's similarity plus a multiple of its spread, so that a query
/// with a close match stops after a few lists and a query far from everything looks further. Of a list, the sketches are read; the few entries that
/// they leave in doubt are compared by their 8-bit codes, and the best of all again in 12 bits.
/// </remarks>
internal static class IndexSearch
{
    /// <summary>The greatest number of neighbours of one search.</summary>
    public const int MaxNeighbors = 32;

    // Lists are read until none is expected to hold anything nearer than the tenth. A search for one would stop too early otherwise; and of twenty, the last
    // hardly decide anything.
    private const int Depth = 10;

    // What a list promises is an estimate: an entry may be nearer than that, and is most likely in one of the first lists.
    private const int LeastLists = 3;
    private const int Extra = 16;
    private const int QueueOnStack = 2048;

    [SkipLocalsInit]
    public static int Search(
        ListTable table,
        VectorLayout layout,
        QueryVector query,
        Span<Neighbor> destination,
        SearchEffort effort,
        bool isSmall
    )
    {
        var wanted = Math.Min(destination.Length, MaxNeighbors);
        if (wanted == 0 || table.Count == 0)
        {
            return 0;
        }

        // More than are wanted: rounding to 8 bits can change the order of near ties.
        Span<float> scores = stackalloc float[MaxNeighbors + Extra];
        Span<long> places = stackalloc long[MaxNeighbors + Extra];
        var kept = wanted + Extra;
        var candidates = new CandidateList(scores[..kept], places[..kept]);
        if (isSmall || table.Centroids.IsEmpty)
        {
            for (var number = 0; number < table.Count; number++)
            {
                Scan(table.List(number), number, layout, query, ref candidates);
            }
        }
        else
        {
            ulong[]? rented = null;
            var items = table.Count <= QueueOnStack ? stackalloc ulong[QueueOnStack] : rented = ArrayPool<ulong>.Shared.Rent(table.Count);
            Probe(table, layout, query, items[..table.Count], Depth, effort, ref candidates);
            if (rented is not null)
            {
                ArrayPool<ulong>.Shared.Return(rented);
            }
        }

        var found = Rank(table, layout, query, candidates, destination[..wanted]);
        return found > 0 && destination[0].Similarity >= effort.LeastSimilarity ? found : 0;
    }

    private static void Probe(
        ListTable table,
        VectorLayout layout,
        QueryVector query,
        Span<ulong> items,
        int depth,
        SearchEffort effort,
        ref CandidateList candidates
    )
    {
        Span<int> dots = stackalloc int[CentroidBlock.Capacity];
        for (var start = 0; start < items.Length; start += CentroidBlock.Capacity)
        {
            var centroids = table.Centroids[start / CentroidBlock.Capacity];
            var count = Math.Min(CentroidBlock.Capacity, items.Length - start);
            DotKernels.Dots(query.Codes, centroids.Codes(count), dots[..count]);
            for (var i = 0; i < count; i++)
            {
                var similarity = dots[i] * centroids.Scales[i] * query.Scale;
                items[start + i] = ProbeQueue.Pack(similarity + (effort.Order * centroids.Spreads[i]), start + i);
            }
        }

        var queue = new ProbeQueue(items);
        queue.Order();
        var sketch = new SketchQuery(query.Values, stackalloc byte[Sketches.TableBytes(layout.Stride)], effort.Slack);
        var slots = 0;
        var lists = 0;
        var doubts = default(Doubts);
        var isMore = queue.TryTake(out var promise, out var number);
        while (isMore && slots < effort.MaxSlots)
        {
            // Until there is one that is near enough, those that are not are of no use either.
            var isNear = lists < LeastLists || candidates.ScoreAt(0) * query.Scale >= effort.LeastSimilarity;
            var least = isNear ? candidates.ScoreAt(depth - 1) * query.Scale : effort.LeastSimilarity;
            var spread = table.Centroids[number / CentroidBlock.Capacity].Spreads[number % CentroidBlock.Capacity];
            if (promise + ((effort.Stop - effort.Order) * spread) < least)
            {
                break;
            }

            var list = table.List(number);
            slots += list.Slots;
            lists++;
            isMore = queue.TryTake(out var nextPromise, out var next);
            ScanSketches(
                list,
                number,
                layout,
                query,
                sketch,
                promise - (effort.Order * spread),
                depth,
                isMore ? table.List(next).Sketches : [],
                ref doubts,
                ref candidates
            );
            (promise, number) = (nextPromise, next);
        }

        Compare(layout, query, ref doubts, ref candidates);
    }

    private static void ScanSketches(
        InvertedList list,
        int number,
        VectorLayout layout,
        QueryVector query,
        scoped SketchQuery sketch,
        float centroidSimilarity,
        int depth,
        byte[] nextSketches,
        ref Doubts doubts,
        ref CandidateList candidates
    )
    {
        var slots = list.Slots;
        var sketches = list.Sketches;
        for (var start = 0; start < slots; start += VectorLayout.FullBlock)
        {
            var place = start / VectorLayout.FullBlock;
            if (start + VectorLayout.FullBlock < slots)
            {
                layout.PrefetchSketches(sketches, place + 1);
            }
            else
            {
                layout.PrefetchSketches(nextSketches, 0);
            }

            if (candidates.Count < depth)
            {
                Compare(layout, query, ref doubts, ref candidates);
            }

            var threshold = (candidates.ScoreAt(depth - 1) * query.Scale) - centroidSimilarity;
            var maybe = Sketches.MayExceed(layout.SketchesOf(sketches, place), sketch, layout.Factors(sketches, place), threshold);
            var count = slots - start;
            maybe &= count < VectorLayout.FullBlock ? (1u << count) - 1 : uint.MaxValue;
            if (maybe == 0)
            {
                continue;
            }

            // What is in doubt lies far apart in memory: it is asked for now, and compared when the next sketches have been read.
            var block = list.Blocks[place];
            for (var left = maybe; left != 0; left &= left - 1)
            {
                layout.PrefetchCodes(block, BitOperations.TrailingZeroCount(left));
            }

            Compare(layout, query, ref doubts, ref candidates);
            doubts = new Doubts(list, number, start, maybe);
        }
    }

    /// <summary>Compares by their codes the entries that their sketches left in doubt.</summary>
    private static void Compare(VectorLayout layout, QueryVector query, ref Doubts doubts, ref CandidateList candidates)
    {
        if (doubts.Slots == 0)
        {
            return;
        }

        Span<int> dot = stackalloc int[1];
        var block = doubts.List.Blocks[doubts.Start / VectorLayout.FullBlock];
        var scales = layout.Scales(block);
        for (var left = doubts.Slots; left != 0; left &= left - 1)
        {
            var slot = BitOperations.TrailingZeroCount(left);
            DotKernels.Dots(query.Codes, layout.Codes(block, slot + 1)[(slot * layout.Stride)..], dot);
            Consider(doubts.List, doubts.Number, doubts.Start + slot, dot[0] * scales[slot], ref candidates);
        }

        doubts = default;
    }

    private static void Scan(InvertedList list, int number, VectorLayout layout, QueryVector query, ref CandidateList candidates)
    {
        Span<int> dots = stackalloc int[VectorLayout.FullBlock];
        var slots = list.Slots;
        for (var start = 0; start < slots; start += VectorLayout.FullBlock)
        {
            var block = list.Blocks[start / VectorLayout.FullBlock];
            var count = Math.Min(VectorLayout.FullBlock, slots - start);
            DotKernels.Dots(query.Codes, layout.Codes(block, count), dots[..count]);
            var scales = layout.Scales(block);
            var i = 0;
            for (; i + 8 <= count; i += 8)
            {
                var scores = Vector256.ConvertToSingle(Vector256.Create<int>(dots[i..])) * Vector256.Create<float>(scales[i..]);
                var better = Vector256.GreaterThan(scores, Vector256.Create(candidates.Threshold)).ExtractMostSignificantBits();
                for (; better != 0; better &= better - 1)
                {
                    var lane = BitOperations.TrailingZeroCount(better);
                    Consider(list, number, start + i + lane, scores[lane], ref candidates);
                }
            }

            for (; i < count; i++)
            {
                Consider(list, number, start + i, dots[i] * scales[i], ref candidates);
            }
        }
    }

    private static void Consider(InvertedList list, int number, int slot, float score, ref CandidateList candidates)
    {
        if (score > candidates.Threshold && !list.IsRemoved(slot))
        {
            candidates.Add(score, number, slot);
        }
    }

    private static int Rank(ListTable table, VectorLayout layout, QueryVector query, CandidateList candidates, Span<Neighbor> neighbors)
    {
        for (var rank = 0; rank < candidates.Count; rank++)
        {
            var (number, slot) = candidates.At(rank);
            var block = table.List(number).Blocks[slot / VectorLayout.FullBlock];
            if (layout.CapacityOf(block) == VectorLayout.FullBlock)
            {
                layout.PrefetchResiduals(block, slot % VectorLayout.FullBlock);
            }
        }

        var found = 0;
        for (var rank = 0; rank < candidates.Count; rank++)
        {
            var (number, slot) = candidates.At(rank);
            var block = table.List(number).Blocks[slot / VectorLayout.FullBlock];
            slot %= VectorLayout.FullBlock;
            var similarity = Math.Clamp(layout.Dot(block, slot, query.Values, query.Sum), -1f, 1f);
            found = Insert(neighbors, found, new Neighbor(layout.Ids(block)[slot], similarity));
        }

        return found;
    }

    private static int Insert(Span<Neighbor> neighbors, int found, Neighbor neighbor)
    {
        // While an entry moves to another list, it may be seen in both: once is enough.
        for (var i = 0; i < found; i++)
        {
            if (neighbors[i].Id == neighbor.Id)
            {
                return found;
            }
        }

        if (found == neighbors.Length && !IsBefore(neighbor, neighbors[^1]))
        {
            return found;
        }

        var place = found == neighbors.Length ? found - 1 : found;
        for (; place > 0 && IsBefore(neighbor, neighbors[place - 1]); place--)
        {
            neighbors[place] = neighbors[place - 1];
        }

        neighbors[place] = neighbor;
        return Math.Min(found + 1, neighbors.Length);
    }

    private static bool IsBefore(Neighbor left, Neighbor right) =>
        left.Similarity > right.Similarity || (left.Similarity == right.Similarity && left.Id < right.Id);

    /// <summary>Entries of a block that their sketches left in doubt: a bit for each.</summary>
    private readonly record struct Doubts(InvertedList List, int Number, int Start, uint Slots);
}
