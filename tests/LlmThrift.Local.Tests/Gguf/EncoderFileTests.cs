using LlmThrift.Local.Gguf;
using LlmThrift.TestKit.Gguf;
using Microsoft.Extensions.AI;
using Xunit;

namespace LlmThrift.Local.Tests.Gguf;

/// <summary>Files of encoders: what llama.cpp would end the process upon is refused, what it can use is not.</summary>
public sealed class EncoderFileTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    public static TheoryData<string, Action<GgufWriter>> Models =>
        new()
        {
            { "lacks 'bert.attention.layer_norm_epsilon'", file => file.Remove("bert.attention.layer_norm_epsilon") },
            { "lacks 'bert.feed_forward_length'", file => file.Remove("bert.feed_forward_length") },
            { "lacks 'tokenizer.ggml.token_type_count'", file => file.Remove("tokenizer.ggml.token_type_count") },
            { "has 5 attention heads", file => file.Set("bert.attention.head_count", 5u) },
            { "has 4 attention heads, 3 of keys", file => file.Set("bert.attention.head_count_kv", 3u) },
            { "has 8 in 'bert.attention.key_length'", file => file.Set("bert.attention.key_length", 8u) },
            { "has 32 in 'bert.embedding_length_out'", file => file.Set("bert.embedding_length_out", 32u) },
            { "has 7 in 'bert.pooling_type'", file => file.Set("bert.pooling_type", 7u) },
            { "ranks texts", file => file.Set("bert.pooling_type", 4u) },
            { "'position_embd.weight' of 64 x 128", file => file.Set("bert.context_length", 256u) },
            {
                "'token_types.weight' as F16: a vector must be F32",
                file => file.ChangeTensor("token_types.weight", type: 1, byteLength: 256)
            },
            { "'blk.0.attn_q.bias' as F16", file => file.ChangeTensor("blk.0.attn_q.bias", type: 1, byteLength: 128) },
            { "lacks the tensor 'blk.1.layer_output_norm.bias'", file => file.RemoveTensor("blk.1.layer_output_norm.bias") },
            { "'blk.0.ffn_up.weight' of 64 x 128", file => file.Set("bert.feed_forward_length", 256u) },
            { "'blk.0.attn_v.weight' as I32", file => file.ChangeTensor("blk.0.attn_v.weight", type: 26) },
            { "has the tensor 'blk.7.attn_q.weight'", file => file.AddTensor("blk.7.attn_q.weight", 0, [64, 64], new byte[16_384]) },
            { "lacks the tensor 'blk.0.ffn_gate.weight'", file => ToNomic(file).RemoveTensor("blk.0.ffn_gate.weight") },
            { "turns 15 dimensions", file => ToNomic(file).Set("nomic-bert.rope.dimension_count", 15u) },
        };

    [Theory]
    [MemberData(nameof(Models))]
    public void Validate_an_encoder_that_llama_cpp_cannot_use_says_why(string expected, Action<GgufWriter> change)
    {
        var writer = RandomBertModel.Build();
        change(writer);
        var path = _directory.File("model.gguf");
        writer.Write(path);

        var problem = Assert.Throws<LocalModelException>(() => GgufFile.Validate(path, GgufModelUse.Embedding));

        Assert.Contains(expected, problem.Message, StringComparison.Ordinal);
    }

    [NativeFact]
    public async Task A_model_that_turns_by_position_has_vectors()
    {
        var path = _directory.File("nomic.gguf");
        ToNomic(RandomBertModel.Build()).Write(path);
        using var generator = new LocalEmbeddingGenerator(new LocalEmbeddingOptions { ModelPath = path });

        Assert.Equal(64, (await generator.GenerateAsync("some text")).Dimensions);
    }

    /// <summary>A damaged file is refused, by us or by llama.cpp, or has vectors, of whatever worth: the process goes on in any case.</summary>
    [NativeFact]
    public async Task Damaged_encoders_do_not_end_the_process()
    {
        var writer = RandomBertModel.Build(new RandomBertOptions { Layers = 1 });
        var fuzzer = new GgufFuzzer(writer.ToArray(), writer.Fields, seed: 3);
        var path = _directory.File("damaged.gguf");
        var loaded = 0;
        for (var i = 0; i < 200; i++)
        {
            await File.WriteAllBytesAsync(path, fuzzer.Damage(i).Bytes);
            using var generator = new LocalEmbeddingGenerator(new LocalEmbeddingOptions { ModelPath = path, MaxTokens = 64 });
            try
            {
                await generator.GenerateAsync(["abc", "Déjà vu?", new('x', 300)]);
                loaded++;
            }
            catch (LocalModelException)
            {
                // Most are refused.
            }
        }

        Assert.InRange(loaded, 5, 50);
    }

    /// <summary>The same tensors under Nomic's architecture: without a table of positions, with a gate.</summary>
    private static GgufWriter ToNomic(GgufWriter writer)
    {
        writer
            .Set("general.architecture", "nomic-bert")
            .Set("nomic-bert.context_length", 128u)
            .Set("nomic-bert.embedding_length", 64u)
            .Set("nomic-bert.block_count", 2u)
            .Set("nomic-bert.feed_forward_length", 128u)
            .Set("nomic-bert.attention.head_count", 4u)
            .Set("nomic-bert.attention.layer_norm_epsilon", 1e-12f)
            .Set("nomic-bert.attention.causal", false)
            .Set("nomic-bert.pooling_type", 1u)
            .Set("nomic-bert.rope.freq_base", 1000f)
            .RemoveTensor("position_embd.weight");
        for (var i = 0; i < 2; i++)
        {
            writer.AddTensor($"blk.{i}.ffn_gate.weight", GgufWriter.F32, [64, 128], new byte[4 * 64 * 128]);
        }

        return writer;
    }
}
