using System.Globalization;
using LlmThrift.TestKit;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace LlmThrift.Embeddings.Tests;

public sealed class MiniLmEmbeddingGeneratorTests
{
    private static readonly string Long = string.Concat(Enumerable.Repeat("secret ", 300));

    private static readonly MiniLmEmbeddingGenerator Generator = new();

    [Fact]
    public void Embed_reference_texts_is_close_to_the_model_in_floats()
    {
        var cosines = new List<double>();
        foreach (var reference in Reference.All)
        {
            var vector = new float[384];
            Assert.Equal(reference.Ids.Length, Generator.Embed(reference.Text, vector, out _));
            Assert.Equal(1, Math.Sqrt(vector.Sum(value => (double)value * value)), 1e-5);
            cosines.Add(Cosine.Of(vector, reference.Embedding));
        }

        // The least is that of one word 254 times, whose own rounding no other word evens out.
        var all = string.Join(' ', cosines.Select(cosine => cosine.ToString("F5", CultureInfo.InvariantCulture)));
        Assert.True(cosines.Min() > 0.995, all);
        Assert.True(cosines.Average() > 0.9985, all);
    }

    [Fact]
    public void Embed_allocates_nothing()
    {
        var vector = new float[384];
        for (var i = 0; i < 3; i++)
        {
            Generator.Embed("Wie lange dauert es? How long?", vector, out _);
        }

        var before = GC.GetAllocatedBytesForCurrentThread();
        Generator.Embed("How long does it take until my card arrives?", vector, out _);
        Generator.Embed("Zürich, 日本, 🙂", vector, out _);

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    [Fact]
    public void Embed_too_little_room_is_an_error() =>
        Assert.Equal("destination", Assert.Throws<ArgumentException>(() => Generator.Embed("a", new float[383], out _)).ParamName);

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public async Task GenerateAsync_large_batch_gives_each_text_its_own_vector(int workers)
    {
        using var generator = new MiniLmEmbeddingGenerator(new MiniLmOptions { MaxDegreeOfParallelism = workers });
        var texts = Enumerable.Range(0, 150).Select(i => i % 50 == 49 ? Long : $"Question {i} about card {i * 7}").ToList();

        var embeddings = await generator.GenerateAsync(texts);

        Assert.Equal(150, embeddings.Count);
        var tokens = 0;
        for (var i = 0; i < texts.Count; i++)
        {
            var alone = new float[384];
            tokens += generator.Embed(texts[i], alone, out _);
            Assert.Equal(alone, embeddings[i].Vector.ToArray());
            Assert.Equal("all-MiniLM-L6-v2", embeddings[i].ModelId);
        }

        Assert.Equal(tokens, embeddings.Usage!.InputTokenCount);
        Assert.Equal(tokens, embeddings.Usage.TotalTokenCount);
    }

    [Fact]
    public async Task GenerateAsync_long_texts_are_cut_and_it_says_so_without_the_text()
    {
        var log = new RecordingLoggerFactory();
        using var generator = new MiniLmEmbeddingGenerator(null, log);

        var embeddings = await generator.GenerateAsync(["short", Long, Long]);

        Assert.Equal(2, embeddings.AdditionalProperties!["llmthrift.truncated_inputs"]);
        Assert.Null(embeddings[0].AdditionalProperties);
        Assert.Equal(true, embeddings[2].AdditionalProperties!["llmthrift.truncated"]);
        Assert.Contains("2 of 3", Assert.Single(log.Entries).Message, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", log.Entries.Single().Message, StringComparison.Ordinal);
        Assert.Null((await generator.GenerateAsync(["short"])).AdditionalProperties);
        Assert.Single(log.Entries);
    }

    [Fact]
    public async Task GenerateAsync_text_of_a_megabyte_is_its_beginning()
    {
        var text = string.Concat(Enumerable.Repeat("lorem ipsum ", 90_000));

        var embeddings = await Generator.GenerateAsync([text, text[..4000]]);

        Assert.Equal(512, embeddings.Usage!.InputTokenCount);
        Assert.Equal(embeddings[1].Vector.ToArray(), embeddings[0].Vector.ToArray());
    }

    [Fact]
    public async Task GenerateAsync_no_text_gives_no_embedding()
    {
        var embeddings = await Generator.GenerateAsync([]);

        Assert.Empty(embeddings);
        Assert.Equal(0, embeddings.Usage!.InputTokenCount);
    }

    [Fact]
    public async Task GenerateAsync_null_text_is_an_error_that_names_its_index()
    {
        var error = await Assert.ThrowsAsync<ArgumentException>(() => Generator.GenerateAsync(["a", "b", null!]));

        Assert.Contains("index 2", error.Message, StringComparison.Ordinal);
        await Assert.ThrowsAsync<ArgumentNullException>(() => Generator.GenerateAsync(null!));
    }

    [Fact]
    public async Task GenerateAsync_cancelled_midway_stops()
    {
        using var cancellation = new CancellationTokenSource();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Generator.GenerateAsync(Texts(), null, cancellation.Token));

        // Whoever enumerates has seen ten texts when the caller gives up.
        IEnumerable<string> Texts()
        {
            for (var i = 0; ; i++)
            {
                if (i == 10)
                {
                    cancellation.Cancel();
                }

                Assert.InRange(i, 0, 11);
                yield return "text";
            }
        }
    }

    [Fact]
    public async Task GenerateAsync_other_dimensions_are_refused()
    {
        await Assert.ThrowsAsync<ArgumentException>(() =>
            Generator.GenerateAsync(["a"], new EmbeddingGenerationOptions { Dimensions = 256 })
        );
        Assert.Single(await Generator.GenerateAsync(["a"], new EmbeddingGenerationOptions { Dimensions = 384 }));
    }

    [Fact]
    public async Task GenerateAsync_many_callers_at_once_get_their_own_vectors()
    {
        var expected = Reference.All.Select(reference => Generator.GenerateAsync([reference.Text])).ToArray();
        await Task.WhenAll(expected);

        await Parallel.ForAsync(
            0,
            100,
            async (i, cancellation) =>
            {
                var place = i % Reference.All.Count;
                var embeddings = await Generator.GenerateAsync([Reference.All[place].Text], null, cancellation);
                Assert.Equal((await expected[place])[0].Vector.ToArray(), embeddings[0].Vector.ToArray());
            }
        );
    }

    [Fact]
    public void GetService_gives_metadata_and_itself()
    {
        var metadata = Generator.GetService<EmbeddingGeneratorMetadata>()!;

        Assert.Equal(
            ("llmthrift", "all-MiniLM-L6-v2", 384),
            (metadata.ProviderName, metadata.DefaultModelId, metadata.DefaultModelDimensions)
        );
        Assert.Same(Generator, Generator.GetService<MiniLmEmbeddingGenerator>());
        Assert.Null(Generator.GetService(typeof(MiniLmEmbeddingGenerator), "key"));
        Assert.Null(Generator.GetService<string>());
    }

    [Fact]
    public async Task AddMiniLmEmbeddings_registers_one_generator_unless_there_is_one()
    {
        await using var services = new ServiceCollection().AddMiniLmEmbeddings().AddMiniLmEmbeddings().BuildServiceProvider();
        var generator = Assert.Single(services.GetServices<IEmbeddingGenerator<string, Embedding<float>>>());
        Assert.IsType<MiniLmEmbeddingGenerator>(generator);

        await using var others = new ServiceCollection()
            .AddSingleton<IEmbeddingGenerator<string, Embedding<float>>>(Generator)
            .AddMiniLmEmbeddings()
            .BuildServiceProvider();
        Assert.Same(Generator, others.GetRequiredService<IEmbeddingGenerator<string, Embedding<float>>>());
    }

    [Fact]
    public async Task AddMiniLmEmbeddings_bad_option_is_an_error_that_says_what_is_allowed()
    {
        await using var services = new ServiceCollection().AddMiniLmEmbeddings(o => o.MaxDegreeOfParallelism = 0).BuildServiceProvider();

        var error = Assert.Throws<ArgumentException>(() => services.GetService<IEmbeddingGenerator<string, Embedding<float>>>());
        Assert.Contains("at least 1", error.Message, StringComparison.Ordinal);
    }
}
