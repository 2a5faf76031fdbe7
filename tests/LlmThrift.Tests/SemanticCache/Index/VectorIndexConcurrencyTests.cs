using LlmThrift.SemanticCache;
using Xunit;

namespace LlmThrift.Tests.SemanticCache.Index;

public sealed class VectorIndexConcurrencyTests
{
    private const int Dimensions = 48;

    [Fact]
    public async Task Searches_see_lasting_entries_whole_while_others_come_and_go()
    {
        // Lasting entries are added first; the rest come and go, dividing and dissolving the lists that the lasting ones are in.
        var entries = new TestVectors(Dimensions, 21, clusters: 8).Next(3_000);
        var index = new VectorIndex(Dimensions, listLimit: 16);
        for (var id = 0; id < 1_000; id++)
        {
            index.Add(id, entries[id]);
        }

        var writers = Enumerable
            .Range(0, 2)
            .Select(writer =>
                Task.Run(() =>
                {
                    for (var round = 0; round < 5; round++)
                    {
                        for (var id = 1_000 + writer; id < 3_000; id += 2)
                        {
                            index.Add(id, entries[id]);
                        }

                        for (var id = 1_000 + writer; id < 3_000; id += 2)
                        {
                            Assert.True(index.Remove(id));
                        }
                    }
                })
            )
            .ToArray();
        var writing = Task.WhenAll(writers);
        var searches = 0;
        while (!writing.IsCompleted || searches < 1_000)
        {
            AssertFindsWhole(index, entries, searches++ % 1_000);
        }

        await writing;
        Assert.Equal(1_000, index.Count);
        for (var id = 0; id < 1_000; id++)
        {
            AssertFindsWhole(index, entries, id);
        }
    }

    [Fact]
    public async Task Searches_never_see_what_was_removed_before_they_began()
    {
        var entries = new TestVectors(Dimensions, 22, clusters: 8).Next(4_000);
        var index = new VectorIndex(Dimensions, listLimit: 16);
        for (var id = 0; id < 2_000; id++)
        {
            index.Add(id, entries[id]);
        }

        var removed = -1;
        var writer = Task.Run(() =>
        {
            for (var id = 0; id < 2_000; id++)
            {
                Assert.True(index.Remove(id));
                Volatile.Write(ref removed, id);
                index.Add(id + 2_000, entries[id + 2_000]);
            }
        });
        var found = new Neighbor[10];
        for (var search = 0; !writer.IsCompleted; search++)
        {
            var before = Volatile.Read(ref removed);
            var count = index.Search(entries[search % 2_000], found);
            Assert.All(found[..count], neighbor => Assert.True(neighbor.Id > before));
        }

        await writer;
        Assert.Equal(2_000, index.Count);
    }

    private static void AssertFindsWhole(VectorIndex index, float[][] entries, int id)
    {
        var found = new Neighbor[5];
        found = found[..index.Search(entries[id], found)];
        Assert.Equal(id, found[0].Id);
        Assert.Equal(found.Length, found.Select(neighbor => neighbor.Id).Distinct().Count());

        // A torn vector, or one with another's id, would have another similarity.
        Assert.All(found, n => Assert.Equal(TestVectors.Cosine(entries[id], entries[n.Id]), n.Similarity, 0.0005));
    }
}
