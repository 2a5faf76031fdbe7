using BenchmarkDotNet.Attributes;
using LlmThrift.SemanticCache;

namespace LlmThrift.Benchmarks;

/// <summary>Look-ups and insertions in the semantic cache's vector index, on generated clusters.</summary>
/// <remarks>
/// Clusters are easier than embeddings of real texts; for recall, and for times on embeddings of one's own, use the evaluation program's
/// <c>index</c> verb.
/// </remarks>
[MemoryDiagnoser]
public class VectorIndexBenchmarks
{
    private const int Dimensions = 384;
    private const int Queries = 256;

    private readonly Neighbor[] _found = new Neighbor[10];
    private readonly float[][] _queries = new float[Queries][];
    private VectorIndex _index = new(Dimensions);
    private int _next;

    [Params(1_000, 100_000)]
    public int Entries { get; set; }

    [GlobalSetup]
    public void SetUp()
    {
        var random = new Random(1);
        var centers = new float[Entries / 100][];
        for (var i = 0; i < centers.Length; i++)
        {
            centers[i] = Near(random, new float[Dimensions]);
        }

        _index = new VectorIndex(Dimensions);
        for (var id = 0; id < Entries; id++)
        {
            _index.Add(id, Near(random, centers[random.Next(centers.Length)]));
        }

        for (var i = 0; i < Queries; i++)
        {
            _queries[i] = Near(random, centers[random.Next(centers.Length)]);
        }
    }

    [Benchmark]
    public int Search_ten_nearest() => _index.Search(_queries[_next = (_next + 1) % Queries], _found);

    [Benchmark]
    public bool Add_and_remove()
    {
        _index.Add(-1, _queries[_next = (_next + 1) % Queries]);
        return _index.Remove(-1);
    }

    private static float[] Near(Random random, float[] center)
    {
        var vector = new float[Dimensions];
        for (var i = 0; i < Dimensions; i++)
        {
            // The sum of uniform numbers is near enough to a normal one.
            vector[i] = center[i] + random.NextSingle() + random.NextSingle() + random.NextSingle() - 1.5f;
        }

        return vector;
    }
}
