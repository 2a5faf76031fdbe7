using System.Diagnostics;
using LlmThrift.SemanticCache;

namespace LlmThrift.Evaluation.Index;

/// <summary>Fills an index step by step and measures it at each.</summary>
internal sealed class IndexMeasurement(VectorFile data, float? stop, int? maxSlots, int listLimit)
{
    private const int Passes = 5;

    // The share of entries that are added, before a step is reached, while another thread searches.
    private const int ServingShare = 10;

    private readonly Neighbor[][] _exact =
    [
        .. Enumerable
            .Range(0, data.Queries)
            .Select(_ => Enumerable.Repeat(new Neighbor(-1, float.NegativeInfinity), ExactNeighbors.K).ToArray()),
    ];

    public List<IndexFigures> Run(int[] counts)
    {
        var figures = new List<IndexFigures>();
        var bytesBefore = GC.GetTotalMemory(forceFullCollection: true);
        var index = new VectorIndex(data.Dimensions, listLimit);
        var done = 0;
        foreach (var count in counts)
        {
            var alone = count - ((count - done) / ServingShare);
            var (perSecond, longest) = Insert(index, done, alone);
            var (perSecondServing, longestServing, medianServing, p99Serving) = InsertWhileServing(index, alone, count);
            ExactNeighbors.Extend(data, _exact, done, count);
            done = count;

            var bytes = GC.GetTotalMemory(forceFullCollection: true) - bytesBefore;
            var one = Search(index, 1);
            var ten = Search(index, ExactNeighbors.K);
            figures.Add(
                new IndexFigures(
                    count,
                    one.Median,
                    one.P99,
                    ten.Median,
                    ten.P99,
                    one.Recall1,
                    ten.Recall1,
                    ten.RecallK,
                    one.Recall1Near,
                    one.Near,
                    Math.Max(one.GreatestError, ten.GreatestError),
                    (double)bytes / count,
                    (double)index.SizeInBytes / count,
                    perSecond,
                    perSecondServing,
                    Math.Max(longest, longestServing),
                    medianServing,
                    p99Serving,
                    Remove(index, count)
                )
            );
        }

        return figures;
    }

    private (double PerSecond, double LongestMilliseconds) Insert(VectorIndex index, int from, int to)
    {
        var watch = Stopwatch.GetTimestamp();
        var previous = watch;
        var longest = 0L;
        for (var i = from; i < to; i++)
        {
            index.Add(i, data.Entry(i));
            var now = Stopwatch.GetTimestamp();
            longest = Math.Max(longest, now - previous);
            previous = now;
        }

        return ((to - from) / Stopwatch.GetElapsedTime(watch).TotalSeconds, longest * 1000.0 / Stopwatch.Frequency);
    }

    private (double PerSecond, double LongestMilliseconds, double Median, double P99) InsertWhileServing(
        VectorIndex index,
        int from,
        int to
    )
    {
        var isDone = false;
        var times = new List<double>(1 << 20);
        var searcher = new Thread(() =>
        {
            Span<Neighbor> found = stackalloc Neighbor[ExactNeighbors.K];
            for (var query = 0; !Volatile.Read(ref isDone); query = (query + 1) % data.Queries)
            {
                var watch = Stopwatch.GetTimestamp();
                index.Search(data.Query(query), found, EffortFor(index.Count));
                times.Add(Stopwatch.GetElapsedTime(watch).TotalMicroseconds);
            }
        });
        searcher.Start();
        var (perSecond, longest) = Insert(index, from, to);
        Volatile.Write(ref isDone, true);
        searcher.Join();
        times.Sort();
        return (perSecond, longest, Percentile(times, 0.5), Percentile(times, 0.99));
    }

    private SearchFigures Search(VectorIndex index, int k)
    {
        // The best of the passes over all queries, for each query: other processes' share of the time is not the index's.
        var times = Enumerable.Repeat(double.MaxValue, data.Queries).ToList();
        var found = new Neighbor[k];
        var hits1 = 0;
        var hitsK = 0;
        var near = 0;
        var nearHits = 0;
        var greatestError = 0.0;
        for (var pass = 0; pass < Passes; pass++)
        {
            (hits1, hitsK, near, nearHits) = (0, 0, 0, 0);
            for (var query = 0; query < data.Queries; query++)
            {
                var watch = Stopwatch.GetTimestamp();
                var count = index.Search(data.Query(query), found, EffortFor(index.Count));
                times[query] = Math.Min(times[query], Stopwatch.GetElapsedTime(watch).TotalMicroseconds);

                // By similarity, not by id: of two entries with the same vector either is the nearest.
                var exact = _exact[query];
                var isHit = Similarity(query, found[0].Id) >= exact[0].Similarity - 1e-6f;
                hits1 += isHit ? 1 : 0;
                near += exact[0].Similarity >= 0.7f ? 1 : 0;
                nearHits += isHit && exact[0].Similarity >= 0.7f ? 1 : 0;
                for (var i = 0; i < count; i++)
                {
                    var similarity = Similarity(query, found[i].Id);
                    hitsK += similarity >= exact[k - 1].Similarity - 1e-6f ? 1 : 0;
                    greatestError = Math.Max(greatestError, Math.Abs(similarity - found[i].Similarity));
                }
            }
        }

        times.Sort();
        return new SearchFigures(
            Percentile(times, 0.5),
            Percentile(times, 0.99),
            (double)hits1 / data.Queries,
            (double)hitsK / (k * data.Queries),
            near == 0 ? 1 : (double)nearHits / near,
            near,
            greatestError
        );
    }

    // Removes and adds again one entry in a hundred.
    private double Remove(VectorIndex index, int count)
    {
        var removed = 0;
        var watch = Stopwatch.GetTimestamp();
        for (var i = 0; i < count; i += 100)
        {
            removed += index.Remove(i) ? 1 : 0;
        }

        var seconds = Stopwatch.GetElapsedTime(watch).TotalSeconds;
        for (var i = 0; i < count; i += 100)
        {
            index.Add(i, data.Entry(i));
        }

        return removed / seconds;
    }

    private SearchEffort EffortFor(int entries)
    {
        var usual = SearchEffort.For(entries);
        return usual with { Stop = stop ?? usual.Stop, MaxSlots = maxSlots ?? usual.MaxSlots };
    }

    private float Similarity(int query, int id) => ExactNeighbors.Dot(data.Query(query), data.Entry(id));

    private static double Percentile(List<double> sorted, double share) =>
        sorted.Count == 0 ? 0 : sorted[Math.Min(sorted.Count - 1, (int)(share * sorted.Count))];

    private sealed record SearchFigures(
        double Median,
        double P99,
        double Recall1,
        double RecallK,
        double Recall1Near,
        int Near,
        double GreatestError
    );
}
