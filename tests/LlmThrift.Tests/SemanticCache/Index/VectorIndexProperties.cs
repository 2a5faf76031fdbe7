using FsCheck;
using FsCheck.Fluent;
using LlmThrift.SemanticCache;
using Xunit;

namespace LlmThrift.Tests.SemanticCache.Index;

public sealed class VectorIndexProperties
{
    private const int Dimensions = 40;

    // Phases that mostly add or mostly remove, so that lists are divided, compacted, dissolved and emptied.
    private static readonly Gen<(int Seed, int[] Phases)> s_histories = Gen.Choose(0, 1_000_000)
        .SelectMany(seed => Gen.ArrayOf(Gen.Choose(0, 10), 5).Select(phases => (seed, phases)));

    [Fact]
    public void Index_holds_what_a_dictionary_holds_after_any_history() =>
        Check.One(
            Config.QuickThrowOnFailure.WithMaxTest(25),
            Prop.ForAll(s_histories.ToArbitrary(), history => Replay(history.Seed, history.Phases))
        );

    private static bool Replay(int seed, int[] phases)
    {
        var random = new Random(seed);
        var vectors = new TestVectors(Dimensions, seed, clusters: 6);
        var index = new VectorIndex(Dimensions, listLimit: 16);
        var model = new Dictionary<int, float[]>();
        foreach (var phase in phases)
        {
            for (var step = 0; step < 300; step++)
            {
                var id = random.Next(1000);
                if (random.Next(10) < phase)
                {
                    if (!model.ContainsKey(id))
                    {
                        model[id] = vectors.Next();
                        index.Add(id, model[id]);
                    }
                }
                else if (index.Remove(id) != model.Remove(id))
                {
                    return false;
                }
            }

            // Few enough entries to be compared one by one: the nearest must be found, and nothing that was removed.
            if (index.Count != model.Count || !model.All(entry => Finds(index, entry.Key, entry.Value)))
            {
                return false;
            }

            for (var i = 0; i < 10; i++)
            {
                var query = vectors.Next();
                var found = new Neighbor[10];
                var count = index.Search(query, found);
                var exact = model.Values.Select(vector => TestVectors.Cosine(query, vector)).OrderDescending().Take(10).ToArray();
                var isSame =
                    count == exact.Length
                    && found.Take(count).Select(neighbor => neighbor.Id).Distinct().Count() == count
                    && found.Take(count).All(n => model.ContainsKey(n.Id))
                    && found.Take(count).Zip(exact, (n, similarity) => Math.Abs(n.Similarity - similarity)).All(error => error < 0.0005f);
                if (!isSame)
                {
                    return false;
                }
            }
        }

        return true;
    }

    private static bool Finds(VectorIndex index, int id, float[] vector)
    {
        var found = new Neighbor[3];
        return found.AsSpan(0, index.Search(vector, found)).ToArray().Any(n => n.Id == id && n.Similarity > 0.9995f);
    }
}
