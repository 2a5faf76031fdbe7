using System.Numerics.Tensors;
using LlmThrift.TestKit;
using LlmThrift.TestKit.Gguf;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace LlmThrift.Local.Tests.Embeddings;

public sealed class LocalEmbeddingGeneratorTests(EncoderFiles files) : IClassFixture<EncoderFiles>
{
    private static readonly string[] Texts =
    [
        .. Enumerable.Range(0, 150).Select(i => $"text {i}: " + new string((char)('a' + (i % 26)), i % 40)),
    ];

    [NativeFact]
    public async Task Vectors_have_length_one_and_usage_counts_tokens()
    {
        using var generator = files.Generator();

        var embeddings = await generator.GenerateAsync(["ab c", "d"]);

        Assert.Equal(2, embeddings.Count);
        Assert.All(embeddings, embedding => Assert.Equal(64, embedding.Dimensions));
        Assert.All(embeddings, embedding => Assert.Equal(1, TensorPrimitives.Norm(embedding.Vector.Span), 1e-5));
        Assert.All(embeddings, embedding => Assert.Equal("random0", embedding.ModelId));

        // Each text has two tokens more, at its beginning and its end.
        Assert.Equal(3 + 2 + 1 + 2, embeddings.Usage!.InputTokenCount);
        Assert.Null(embeddings.AdditionalProperties);
    }

    [NativeFact]
    public async Task A_text_has_the_same_vector_alone_and_among_many()
    {
        using var generator = files.Generator();

        var together = await generator.GenerateAsync(Texts);

        foreach (var i in (int[])[0, 17, 63, 64, 149])
        {
            Assert.True(Cosine(together[i], await generator.GenerateAsync(Texts[i])) > 0.9999, Texts[i]);
        }

        Assert.True(Cosine(together[3], together[4]) < 0.9999);
    }

    [NativeFact]
    public async Task A_model_that_writes_text_has_vectors_that_do_not_depend_on_the_batch()
    {
        using var generator = files.Generator(o => o.ModelPath = files.Llama);

        var together = await generator.GenerateAsync(Texts);

        foreach (var i in (int[])[0, 17, 63, 64, 149])
        {
            Assert.True(Cosine(together[i], await generator.GenerateAsync(Texts[i])) > 0.999, Texts[i]);
        }

        Assert.True(Cosine(together[3], together[4]) < 0.999);
    }

    [NativeFact]
    public async Task Poolings_differ_and_null_is_the_one_of_the_file()
    {
        var file = files.Add(RandomBertModel.Build(new RandomBertOptions { Pooling = 2 }));
        var vectors = new List<Embedding<float>>();
        foreach (
            var pooling in (LocalEmbeddingPooling?[])
                [LocalEmbeddingPooling.FirstToken, LocalEmbeddingPooling.LastToken, LocalEmbeddingPooling.Mean, null]
        )
        {
            using var generator = files.Generator(o => (o.ModelPath, o.Pooling) = (file, pooling));
            vectors.Add(await generator.GenerateAsync("some text"));
        }

        Assert.True(Cosine(vectors[3], vectors[0]) > 0.9999);
        Assert.True(Cosine(vectors[3], vectors[1]) < 0.99);
        Assert.True(Cosine(vectors[3], vectors[2]) < 0.99);
    }

    [NativeTheory]
    [InlineData(null)]
    [InlineData(0u)]
    public async Task A_file_that_names_no_pooling_has_the_mean(uint? pooling)
    {
        var file = files.Add(RandomBertModel.Build(new RandomBertOptions { Pooling = pooling }));
        using var mean = files.Generator();
        using var generator = files.Generator(o => o.ModelPath = file);

        Assert.True(Cosine(await mean.GenerateAsync("some text"), await generator.GenerateAsync("some text")) > 0.9999);
    }

    [NativeFact]
    public async Task A_long_text_is_read_up_to_the_most_tokens_and_said_to_be()
    {
        var logs = new RecordingLoggerFactory();
        using var generator = new LocalEmbeddingGenerator(new LocalEmbeddingOptions { ModelPath = files.Bert, MaxTokens = 10 }, logs);

        var embeddings = await generator.GenerateAsync(["abc", "abcdefgh", "abcdefghi", "abcdefghxyz"]);

        Assert.Equal(5 + 10 + 10 + 10, embeddings.Usage!.InputTokenCount);
        Assert.Equal(2, embeddings.AdditionalProperties!["llmthrift.truncated_inputs"]);
        Assert.Equal(true, embeddings[3].AdditionalProperties!["llmthrift.truncated"]);
        Assert.Null(embeddings[1].AdditionalProperties);

        // Eight letters between the marks of beginning and end.
        Assert.True(Cosine(embeddings[1], embeddings[3]) > 0.9999);
        Assert.Contains(logs.Entries, entry => entry.Message.Contains("2 of 4 texts had more than 10 tokens", StringComparison.Ordinal));
    }

    [NativeFact]
    public async Task A_text_longer_than_a_batch_has_one_of_its_own()
    {
        using var small = files.Generator(o => o.BatchSize = 8);
        using var large = files.Generator();
        string[] texts = ["abc", new('x', 60), "d", new('y', 120), "e"];

        var expected = await large.GenerateAsync(texts);
        var actual = await small.GenerateAsync(texts);

        Assert.All(texts.Index(), text => Assert.True(Cosine(expected[text.Index], actual[text.Index]) > 0.9999));
    }

    [NativeFact]
    public async Task A_prefix_is_put_before_each_text_and_a_call_may_have_its_own()
    {
        using var plain = files.Generator();
        using var generator = files.Generator(o => o.Prefix = "query: ");
        var other = new EmbeddingGenerationOptions { AdditionalProperties = new() { ["llmthrift.prefix"] = "passage: " } };

        Assert.True(Cosine(await plain.GenerateAsync("query: abc"), await generator.GenerateAsync("abc")) > 0.9999);
        Assert.True(Cosine(await plain.GenerateAsync("passage: abc"), await generator.GenerateAsync("abc", other)) > 0.9999);
    }

    [NativeFact]
    public async Task Fewer_dimensions_are_the_first_ones_and_more_are_refused()
    {
        using var generator = files.Generator();
        var whole = await generator.GenerateAsync("abc");

        var half = await generator.GenerateAsync("abc", new EmbeddingGenerationOptions { Dimensions = 32 });

        Assert.Equal(32, half.Dimensions);
        Assert.Equal(1, TensorPrimitives.Norm(half.Vector.Span), 1e-5);
        Assert.Equal(1, TensorPrimitives.CosineSimilarity(half.Vector.Span, whole.Vector.Span[..32]), 1e-5);
        var problem = await Assert.ThrowsAsync<ArgumentException>(() =>
            generator.GenerateAsync("abc", new EmbeddingGenerationOptions { Dimensions = 65 })
        );
        Assert.Contains("64 dimensions", problem.Message, StringComparison.Ordinal);
    }

    [NativeFact]
    public async Task Vectors_keep_their_length_without_normalization()
    {
        using var generator = files.Generator(o => o.Normalize = false);

        var embedding = await generator.GenerateAsync("abc");

        Assert.True(MathF.Abs(TensorPrimitives.Norm(embedding.Vector.Span) - 1) > 0.1);
    }

    [NativeFact]
    public async Task A_hundred_callers_at_once_each_get_their_own()
    {
        using var generator = files.Generator();
        var alone = await generator.GenerateAsync(Texts);

        var calls = await Task.WhenAll(
            Enumerable.Range(0, 100).Select(i => Task.Run(() => generator.GenerateAsync([Texts[i], Texts[i + 30], Texts[i + 50]])))
        );

        Assert.All(
            calls.Index(),
            call =>
            {
                Assert.True(Cosine(alone[call.Index], call.Item[0]) > 0.9999);
                Assert.True(Cosine(alone[call.Index + 30], call.Item[1]) > 0.9999);
                Assert.True(Cosine(alone[call.Index + 50], call.Item[2]) > 0.9999);
            }
        );
    }

    [NativeFact]
    public async Task Cancellation_ends_a_large_job_and_others_go_on()
    {
        using var generator = files.Generator();
        await generator.WarmUpAsync();
        using var cancellation = new CancellationTokenSource();

        var large = generator.GenerateAsync(Enumerable.Repeat(new string('x', 100), 20_000), cancellationToken: cancellation.Token);
        var small = generator.GenerateAsync(["abc"], cancellationToken: CancellationToken.None);
        Assert.Single(await small);
        Assert.False(large.IsCompleted);
        await cancellation.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => large);
        Assert.Single(await generator.GenerateAsync(["abc"]));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => generator.GenerateAsync(["abc"], cancellationToken: new(true)));
    }

    [NativeFact]
    public async Task Disposal_ends_what_waits()
    {
        var generator = files.Generator();
        await generator.WarmUpAsync();
        var calls = Enumerable
            .Range(0, 4)
            .Select(_ => Record.ExceptionAsync(() => generator.GenerateAsync(Enumerable.Repeat(new string('x', 100), 5_000))))
            .ToList();

        generator.Dispose();
        generator.Dispose();

        Assert.All(await Task.WhenAll(calls), problem => Assert.IsType<ObjectDisposedException>(problem));
        await Assert.ThrowsAsync<ObjectDisposedException>(() => generator.GenerateAsync(["abc"]));
    }

    [NativeFact]
    public async Task An_encoder_has_a_vector_for_an_empty_text_and_a_model_without_marks_says_that_it_has_none()
    {
        var writer = RandomLlamaModel.Build().Set("tokenizer.ggml.add_bos_token", false);
        using var encoder = files.Generator();
        using var other = files.Generator(o => o.ModelPath = files.Add(writer));

        Assert.Single(await encoder.GenerateAsync([""]));
        var problem = await Assert.ThrowsAsync<ArgumentException>(() => other.GenerateAsync(["abc", ""]));
        Assert.Contains("index 1 is empty", problem.Message, StringComparison.Ordinal);
    }

    [NativeFact]
    public async Task MaxTokens_that_leave_no_room_for_text_are_an_error()
    {
        using var generator = files.Generator(o => o.MaxTokens = 2);

        var problem = await Assert.ThrowsAsync<LocalModelException>(() => generator.GenerateAsync(["abc"]));

        Assert.Contains("MaxTokens is 2", problem.Message, StringComparison.Ordinal);
    }

    [NativeFact]
    public async Task A_model_that_ranks_is_refused()
    {
        var file = files.Add(RandomBertModel.Build(new RandomBertOptions { Pooling = 4 }));
        using var generator = files.Generator(o => o.ModelPath = file);

        var problem = await Assert.ThrowsAsync<LocalModelException>(() => generator.GenerateAsync(["abc"]));

        Assert.Contains("ranks texts", problem.Message, StringComparison.Ordinal);
    }

    [NativeFact]
    public async Task A_chat_client_refuses_an_encoder()
    {
        using var client = new LocalChatClient(new LocalChatOptions { ModelPath = files.Bert });

        var problem = await Assert.ThrowsAsync<LocalModelException>(() => client.GetResponseAsync("hello"));

        Assert.Contains("holds an encoder", problem.Message, StringComparison.Ordinal);
    }

    [NativeFact]
    public async Task Quantized_encoders_have_nearly_the_same_vectors()
    {
        var target = files.Bert + ".q8";
        await LocalModel.QuantizeAsync(files.Bert, target, QuantizationType.Q8_0);
        using var original = files.Generator();
        using var quantized = files.Generator(o => o.ModelPath = target);

        Assert.InRange(Cosine(await original.GenerateAsync("some text"), await quantized.GenerateAsync("some text")), 0.99f, 0.99999f);
    }

    [Fact]
    public async Task Texts_that_are_null_and_none_at_all_do_not_ask_the_model()
    {
        using var generator = new LocalEmbeddingGenerator(new LocalEmbeddingOptions { ModelPath = "none.gguf" });

        Assert.Empty(await generator.GenerateAsync([]));
        var problem = await Assert.ThrowsAsync<ArgumentException>(() => generator.GenerateAsync(["a", null!]));
        Assert.Contains("index 1 is null", problem.Message, StringComparison.Ordinal);
        await Assert.ThrowsAsync<ArgumentNullException>(() => generator.GenerateAsync((IEnumerable<string>)null!));
    }

    [Fact]
    public void Bad_options_are_all_named_at_once()
    {
        var problem = Assert.Throws<ArgumentException>(() =>
            new LocalEmbeddingGenerator(
                new LocalEmbeddingOptions
                {
                    Pooling = (LocalEmbeddingPooling)9,
                    MaxTokens = -1,
                    BatchSize = 0,
                    Threads = -2,
                    GpuLayers = -5,
                    Prefix = null!,
                }
            )
        );

        foreach (
            var name in (string[])
                ["ModelPath", "Pooling is 9", "MaxTokens is -1", "BatchSize is 0", "Threads is -2", "GpuLayers is -5", "Prefix"]
        )
        {
            Assert.Contains(name, problem.Message, StringComparison.Ordinal);
        }
    }

    [NativeFact]
    public async Task Generators_come_from_the_services()
    {
        var services = new ServiceCollection();
        services.AddLocalEmbeddings(o => o.ModelPath = files.Bert);
        services.AddKeyedLocalEmbeddings("chat", o => (o.ModelPath, o.ModelId) = (files.Llama, "llama"));
        await using var provider = services.BuildServiceProvider();

        var generator = provider.GetRequiredService<IEmbeddingGenerator<string, Embedding<float>>>();
        var other = provider.GetRequiredKeyedService<IEmbeddingGenerator<string, Embedding<float>>>("chat");

        Assert.Null(generator.GetService<EmbeddingGeneratorMetadata>()!.DefaultModelDimensions);
        Assert.Equal(64, (await generator.GenerateAsync("abc")).Dimensions);
        Assert.Equal(64, generator.GetService<EmbeddingGeneratorMetadata>()!.DefaultModelDimensions);
        Assert.Equal("llama", other.GetService<EmbeddingGeneratorMetadata>()!.DefaultModelId);
        Assert.Same(generator, generator.GetService<LocalEmbeddingGenerator>());
        Assert.Null(generator.GetService(typeof(LocalEmbeddingGenerator), "key"));
    }

    private static float Cosine(Embedding<float> a, Embedding<float> b) => TensorPrimitives.CosineSimilarity(a.Vector.Span, b.Vector.Span);
}
