using LlmThrift.Embeddings.Kernels;
using LlmThrift.Embeddings.Model;
using Xunit;

namespace LlmThrift.Embeddings.Tests;

public sealed class MiniLmModelTests
{
    [Fact]
    public void Encode_with_every_supported_kernel_gives_the_same_vector()
    {
        var expected = Vector(MiniLmModel.Shared);

        Assert.All(LinearKernel.Supported, kernel => Assert.Equal(expected, Vector(new MiniLmModel(kernel))));

        static float[] Vector(MiniLmModel model)
        {
            var vector = new float[ModelLayout.Dimensions];
            model.Encode(new MiniLmScratch(), [101, 2129, 2079, 1045, 102], [5], vector);
            return vector;
        }
    }

    [Fact]
    public void Encode_texts_together_gives_the_vectors_they_have_alone()
    {
        var texts = Reference.All.Where(reference => reference.Ids.Length < 40).ToArray();
        var together = new float[texts.Length * ModelLayout.Dimensions];
        var scratch = new MiniLmScratch();
        MiniLmModel.Shared.Encode(scratch, [.. texts.SelectMany(t => t.Ids)], [.. texts.Select(t => t.Ids.Length)], together);

        for (var i = 0; i < texts.Length; i++)
        {
            var alone = new float[ModelLayout.Dimensions];
            MiniLmModel.Shared.Encode(scratch, texts[i].Ids, [texts[i].Ids.Length], alone);
            Assert.Equal(alone, together[(i * ModelLayout.Dimensions)..((i + 1) * ModelLayout.Dimensions)]);
        }
    }

    [Fact]
    public void Encode_cancelled_stops_before_the_first_layer() =>
        Assert.Throws<OperationCanceledException>(() =>
            MiniLmModel.Shared.Encode(new MiniLmScratch(), [101, 102], [2], new float[384], new CancellationToken(canceled: true))
        );

    [Theory]
    [InlineData(0)]
    [InlineData(99)]
    [InlineData(103)]
    [InlineData(998)]
    [InlineData(30522)]
    public void ReadWordEmbedding_of_a_token_that_no_text_has_is_refused(int id) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => MiniLmModel.Shared.ReadWordEmbedding(id, new float[384]));

    [Fact]
    public void ReadWordEmbedding_of_words_tells_related_from_unrelated()
    {
        var tokenizer = MiniLmModel.Shared.Tokenizer;

        Assert.True(Similarity("monday", "tuesday") > Similarity("monday", "banana") + 0.1);

        double Similarity(string one, string other) => Cosine.Of(Row(one), Row(other));

        float[] Row(string word)
        {
            var ids = new int[8];
            Assert.Equal(3, tokenizer.Encode(word, ids, out _));
            var row = new float[384];
            MiniLmModel.Shared.ReadWordEmbedding(ids[1], row);
            return row;
        }
    }
}
