using LlmThrift.SemanticCache;
using Xunit;

namespace LlmThrift.Tests.SemanticCache.Index;

public sealed class VectorIndexTests
{
    [Fact]
    public void Search_in_an_empty_index_finds_nothing()
    {
        var index = new VectorIndex(384);

        Assert.Equal(0, index.Search(new TestVectors(384, 1).Next(), new Neighbor[5]));
        Assert.Equal(0, index.Count);
        Assert.False(index.Remove(1));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    [InlineData(4097)]
    public void Index_of_impossible_dimensions_is_refused(int dimensions) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => new VectorIndex(dimensions));

    [Theory]
    [InlineData(383)]
    [InlineData(385)]
    [InlineData(0)]
    public void Vectors_of_other_dimensions_are_refused(int dimensions)
    {
        var index = new VectorIndex(384);
        var vector = Enumerable.Repeat(0.1f, dimensions).ToArray();

        Assert.Throws<ArgumentException>(() => index.Add(1, vector));
        Assert.Throws<ArgumentException>(() => index.Search(vector, new Neighbor[1]));
        Assert.Equal(0, index.Count);
    }

    [Theory]
    [InlineData(0f)]
    [InlineData(float.NaN)]
    [InlineData(float.PositiveInfinity)]
    [InlineData(float.NegativeInfinity)]
    public void Vectors_without_a_direction_are_refused(float component)
    {
        var index = new VectorIndex(3);
        float[] vector = [0, component, 0];

        Assert.Throws<ArgumentException>(() => index.Add(1, vector));
        Assert.Throws<ArgumentException>(() => index.Search(vector, new Neighbor[1]));
        Assert.Equal(0, index.Count);
    }

    [Fact]
    public void Add_of_an_id_that_is_there_is_refused_until_it_is_removed()
    {
        var index = new VectorIndex(3);
        index.Add(7, [1, 0, 0]);

        Assert.Throws<ArgumentException>(() => index.Add(7, [0, 1, 0]));
        Assert.True(index.Remove(7));
        index.Add(7, [0, 1, 0]);

        Assert.Equal(new Neighbor(7, 1), Assert.Single(Search(index, [0, 5, 0], 3)) with { Similarity = 1 });
        Assert.Equal(1, Search(index, [0, 5, 0], 3)[0].Similarity, 0.0005);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(32)]
    [InlineData(100)]
    [InlineData(384)]
    [InlineData(1536)]
    public void Search_of_a_small_index_is_exact_whatever_the_dimensions(int dimensions)
    {
        var vectors = new TestVectors(dimensions, dimensions);
        var entries = vectors.Next(600);
        var index = new VectorIndex(dimensions);
        for (var id = 0; id < entries.Length; id++)
        {
            index.Add(id, entries[id]);
        }

        foreach (var query in vectors.Next(20))
        {
            var exact = entries.Select(entry => TestVectors.Cosine(query, entry)).OrderDescending().Take(10).ToArray();
            var found = Search(index, query, 10);
            Assert.Equal(10, found.Select(neighbor => neighbor.Id).Distinct().Count());
            for (var rank = 0; rank < 10; rank++)
            {
                Assert.Equal(exact[rank], found[rank].Similarity, 0.0005);
                Assert.Equal(TestVectors.Cosine(query, entries[found[rank].Id]), found[rank].Similarity, 0.0005);
            }
        }
    }

    [Fact]
    public void Search_of_a_divided_index_finds_every_entry_by_its_own_vector()
    {
        var entries = new TestVectors(64, 3).Next(12_000);
        var index = new VectorIndex(64, listLimit: 64);
        for (var id = 0; id < entries.Length; id++)
        {
            index.Add(id, entries[id]);
        }

        for (var id = 0; id < entries.Length; id++)
        {
            var nearest = Search(index, entries[id], 1)[0];
            Assert.Equal(id, nearest.Id);
            Assert.Equal(1, nearest.Similarity, 0.0005);
        }
    }

    [Fact]
    public void Search_of_a_divided_index_finds_most_nearest_neighbours_with_accurate_similarities()
    {
        var vectors = new TestVectors(128, 11);
        var entries = vectors.Next(10_000);
        var index = new VectorIndex(128);
        for (var id = 0; id < entries.Length; id++)
        {
            index.Add(id, entries[id]);
        }

        var hits = 0;
        foreach (var query in vectors.Next(200))
        {
            var found = Search(index, query, 10);
            hits += found[0].Similarity >= entries.Max(entry => TestVectors.Cosine(query, entry)) - 0.0005f ? 1 : 0;
            Assert.Equal(found.OrderByDescending(neighbor => neighbor.Similarity), found);
            Assert.All(found, n => Assert.Equal(TestVectors.Cosine(query, entries[n.Id]), n.Similarity, 0.0005));
        }

        Assert.InRange(hits, 190, 200);
    }

    [Theory]
    [InlineData(2_000)]
    [InlineData(10_000)]
    public void Search_with_a_least_similarity_finds_what_it_finds_without_or_nothing(int count)
    {
        var vectors = new TestVectors(64, 7);
        var entries = vectors.Next(count);
        var index = new VectorIndex(64);
        for (var id = 0; id < entries.Length; id++)
        {
            index.Add(id, entries[id]);
        }

        var found = new Neighbor[10];
        foreach (var query in vectors.Next(100))
        {
            var nearest = Search(index, query, 10);
            var some = index.Search(query, found, leastSimilarity: 0.5f);
            Assert.True(some == 0 || nearest[0].Similarity >= 0.5f);
            Assert.Equal(0, index.Search(query, found, nearest[0].Similarity + 0.01f));
        }

        foreach (var entry in entries.Take(100))
        {
            Assert.Equal(10, index.Search(entry, found, leastSimilarity: 0.5f));
            Assert.Equal(Search(index, entry, 1)[0].Id, found[0].Id);
        }
    }

    [Fact]
    public void Many_entries_of_one_vector_are_divided_and_all_removed_again()
    {
        var vector = new TestVectors(48, 2).Next();
        var index = new VectorIndex(48, listLimit: 16);
        for (var id = 0; id < 500; id++)
        {
            index.Add(id, vector);
        }

        Assert.Equal(32, Search(index, vector, 40).Select(neighbor => neighbor.Id).Distinct().Count());
        for (var id = 0; id < 500; id++)
        {
            Assert.True(index.Remove(id));
        }

        Assert.Empty(Search(index, vector, 40));
    }

    [Fact]
    public void Same_additions_and_removals_make_the_same_index()
    {
        var vectors = new TestVectors(96, 5);
        var entries = vectors.Next(6_000);
        var queries = vectors.Next(50);
        var first = Fill();
        var second = Fill();

        Assert.All(queries, query => Assert.Equal(Search(first, query, 10), Search(second, query, 10)));
        Assert.Equal(first.SizeInBytes, second.SizeInBytes);

        VectorIndex Fill()
        {
            var index = new VectorIndex(96, listLimit: 64);
            for (var id = 0; id < entries.Length; id++)
            {
                index.Add(id, entries[id]);
                if (id % 3 == 0)
                {
                    index.Remove(id / 2);
                }
            }

            return index;
        }
    }

    [Fact]
    public void Search_allocates_nothing()
    {
        var vectors = new TestVectors(64, 9);
        var index = new VectorIndex(64, listLimit: 32);
        for (var id = 0; id < 6_000; id++)
        {
            index.Add(id, vectors.Next());
        }

        var query = vectors.Next();
        var found = new Neighbor[10];
        index.Search(query, found);
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 100; i++)
        {
            index.Search(query, found);
        }

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    [Fact]
    public void Index_of_one_entry_is_small()
    {
        var index = new VectorIndex(384);
        Assert.InRange(index.SizeInBytes, 1, 300);
        index.Add(1, new TestVectors(384, 1).Next());

        Assert.InRange(index.SizeInBytes, 584, 1000);
    }

    private static Neighbor[] Search(VectorIndex index, float[] query, int k)
    {
        var found = new Neighbor[k];
        return found[..index.Search(query, found)];
    }
}
