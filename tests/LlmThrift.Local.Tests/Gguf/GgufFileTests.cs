using System.Text;
using LlmThrift.Local.Gguf;
using LlmThrift.TestKit.Gguf;
using Xunit;

namespace LlmThrift.Local.Tests.Gguf;

public sealed class GgufFileTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void Read_every_type_of_value_gives_what_was_written()
    {
        var file = Read(
            new GgufWriter()
                .Set("u8", (byte)200)
                .Set("i8", (sbyte)-100)
                .Set("u16", (ushort)60_000)
                .Set("i16", (short)-30_000)
                .Set("u32", 4_000_000_000)
                .Set("i32", -2_000_000_000)
                .Set("f32", 0.25f)
                .Set("yes", true)
                .Set("text", "naïve ▁ text")
                .Set("u64", ulong.MaxValue)
                .Set("i64", long.MinValue)
                .Set("f64", -0.1)
                .Set("texts", ["", "a", "日本"])
                .Set("floats", [1.5f, -2f])
                .Set("ints", [3, -4, 5])
                .AddTensor("t", GgufWriter.F32, [2, 3], new byte[24])
        );

        Assert.Equal(3, file.Version);
        Assert.Equal(200, file.GetInteger("u8"));
        Assert.Equal(-100, file.GetInteger("i8"));
        Assert.Equal(60_000, file.GetInteger("u16"));
        Assert.Equal(-30_000, file.GetInteger("i16"));
        Assert.Equal(4_000_000_000, file.GetInteger("u32"));
        Assert.Equal(-2_000_000_000, file.GetInteger("i32"));
        Assert.Equal(0.25, file.GetNumber("f32"));
        Assert.True(file.GetBoolean("yes"));
        Assert.Equal("naïve ▁ text", file.GetString("text"));
        Assert.Null(file.GetInteger("u64"));
        Assert.Equal(ulong.MaxValue, file.Find("u64")!.Scalar);
        Assert.Equal(long.MinValue, file.GetInteger("i64"));
        Assert.Equal(-0.1, file.GetNumber("f64"));
        Assert.Equal(["", "a", "日本"], file.GetStrings("texts")!);
        Assert.Equal(3, file.GetArrayLength("texts"));
        Assert.Equal([1.5, -2], file.GetNumbers("floats")!);
        Assert.Equal([3, -4, 5], file.GetNumbers("ints")!);
    }

    [Fact]
    public void Read_a_key_that_is_absent_or_of_another_type_gives_null()
    {
        var file = Read(new GgufWriter().Set("text", "7").AddTensor("t", GgufWriter.F32, [1], new byte[4]));

        Assert.Null(file.GetInteger("text"));
        Assert.Null(file.GetString("absent"));
        Assert.Null(file.GetNumber("text"));
        Assert.Null(file.GetBoolean("text"));
        Assert.Null(file.GetStrings("text"));
        Assert.Null(file.GetArrayLength("absent"));
        Assert.Null(file.Architecture);
        Assert.Null(file.Quantization);
        Assert.Equal(0, file.VocabularySize);
    }

    [Fact]
    public void Read_arrays_in_arrays_are_passed_over()
    {
        // Two arrays of bytes, of two and of one.
        byte[] nested = [0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 7, 8, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 9];

        var file = Read(
            new GgufWriter().PutArray("nested", 9, 2, nested).Set("after", 5u).AddTensor("t", GgufWriter.F32, [1], new byte[4])
        );

        Assert.Equal(2, file.GetArrayLength("nested"));
        Assert.Equal(5, file.GetInteger("after"));
    }

    [Fact]
    public void Read_tensors_lie_where_their_numbers_are()
    {
        var first = Enumerable.Range(0, 24).Select(i => (byte)i).ToArray();
        var second = Enumerable.Range(100, 34).Select(i => (byte)i).ToArray();
        var path = Write(new GgufWriter().AddTensor("first", GgufWriter.F32, [2, 3], first).AddTensor("second", 8, [32], second));

        var file = GgufFile.Read(path);

        var bytes = File.ReadAllBytes(path);
        Assert.Equal(["first", "second"], file.Tensors.Select(tensor => tensor.Name));
        var (a, b) = (file.FindTensor("first")!, file.FindTensor("second")!);
        Assert.Equal("2 x 3", a.Shape);
        Assert.Equal("Q8_0", b.Type.Name);
        Assert.Equal(first, bytes[(int)a.Offset..(int)(a.Offset + a.ByteLength)]);
        Assert.Equal(second, bytes[(int)b.Offset..(int)(b.Offset + b.ByteLength)]);
        Assert.Equal(38, file.ParameterCount);
        Assert.Equal(bytes.Length, file.Length);
    }

    [Fact]
    public void Read_another_alignment_is_followed()
    {
        var writer = new GgufWriter { Alignment = 128 }.Set("general.alignment", 128u);
        writer.AddTensor("a", GgufWriter.F32, [3], new byte[12]).AddTensor("b", GgufWriter.F32, [3], new byte[12]);

        var file = Read(writer);

        Assert.Equal(128, file.Alignment);
        Assert.Equal([0L, 128L], file.Tensors.Select(tensor => tensor.Offset - file.DataOffset));
    }

    [Fact]
    public void Read_version_2_is_like_version_3() =>
        Assert.Equal(2, Read(new GgufWriter { Version = 2 }.AddTensor("t", GgufWriter.F32, [1], new byte[4])).Version);

    [Fact]
    public void Validate_a_random_model_tells_what_it_is()
    {
        var path = _directory.File("model.gguf");
        RandomLlamaModel.Write(path, new RandomLlamaOptions { Half = true, ChatTemplate = "{{ messages }}" });

        var file = GgufFile.Validate(path);

        Assert.Equal("llama", file.Architecture);
        Assert.Equal("random", file.ModelName);
        Assert.Equal("F16", file.Quantization);
        Assert.Equal(512, file.VocabularySize);
        Assert.Equal(512, file.ContextLength);
        Assert.Equal(312_000, file.ParameterCount);
        Assert.Equal("{{ messages }}", file.ChatTemplate);
        Assert.Equal("<0x0A>", file.GetStrings("tokenizer.ggml.tokens")!.ElementAt(13));
    }

    [Theory]
    [InlineData(32, 2, 1, 32, 1, 512, true)]
    [InlineData(64, 4, 4, 96, 2, 600, false)]
    [InlineData(256, 8, 2, 512, 1, 2000, true)]
    public void Validate_random_models_of_other_sizes_are_sound(
        int embedding,
        int heads,
        int keyHeads,
        int feedForward,
        int layers,
        int vocabulary,
        bool tied
    )
    {
        var path = _directory.File("model.gguf");
        var options = new RandomLlamaOptions
        {
            Embedding = embedding,
            Heads = heads,
            KeyHeads = keyHeads,
            FeedForward = feedForward,
            Layers = layers,
            Vocabulary = vocabulary,
            TiedOutput = tied,
        };
        RandomLlamaModel.Write(path, options);

        Assert.Equal(vocabulary, GgufFile.Validate(path).VocabularySize);
    }

    [Fact]
    public void Random_models_follow_from_their_seed()
    {
        var options = new RandomLlamaOptions { Layers = 1 };

        Assert.Equal(RandomLlamaModel.Build(options).ToArray(), RandomLlamaModel.Build(options).ToArray());
        Assert.NotEqual(RandomLlamaModel.Build(options).ToArray(), RandomLlamaModel.Build(options with { Seed = 2 }).ToArray());
    }

    [Fact]
    public void Validate_a_mixture_of_experts_is_sound()
    {
        var writer = RandomLlamaModel.Build(new RandomLlamaOptions { Layers = 1 });
        writer.Set("llama.expert_count", 4u).Set("llama.expert_used_count", 2u);
        foreach (var name in new[] { "gate", "up", "down" })
        {
            writer.RemoveTensor($"blk.0.ffn_{name}.weight");
            long[] shape = name == "down" ? [192, 64, 4] : [64, 192, 4];
            writer.AddTensor($"blk.0.ffn_{name}_exps.weight", GgufWriter.F16, shape, new byte[2 * 4 * 64 * 192]);
        }

        writer.AddTensor("blk.0.ffn_gate_inp.weight", GgufWriter.F32, [64, 4], new byte[1024]);

        Assert.Equal("llama", GgufFile.Validate(Write(writer)).Architecture);
    }

    [Fact]
    public void Types_of_tensors_take_as_many_bytes_as_in_ggml()
    {
        // Sizes of ggml.h's blocks of 256 numbers.
        var expected = new Dictionary<uint, int>
        {
            [0] = 1024,
            [1] = 512,
            [2] = 144,
            [3] = 160,
            [6] = 176,
            [7] = 192,
            [8] = 272,
            [10] = 84,
            [11] = 110,
            [12] = 144,
            [13] = 176,
            [14] = 210,
            [20] = 144,
            [23] = 136,
            [30] = 512,
            [39] = 136,
            [40] = 144,
            [41] = 36,
            [42] = 72,
        };
        foreach (var (number, bytes) in expected)
        {
            var type = GgufTensorType.Find(number)!;
            Assert.Equal(bytes, 256 / type.BlockLength * type.BlockBytes);
        }

        foreach (var number in new uint[] { 4, 5, 31, 32, 33, 36, 37, 38, 43, uint.MaxValue })
        {
            Assert.Null(GgufTensorType.Find(number));
        }
    }

    [Fact]
    public void GetStrings_a_file_that_shrank_meanwhile_is_a_model_exception()
    {
        var path = Write(RandomLlamaModel.Build(new RandomLlamaOptions { Layers = 1 }));
        var file = GgufFile.Validate(path);
        File.WriteAllBytes(path, File.ReadAllBytes(path)[..1000]);

        Assert.Throws<LocalModelException>(() => file.GetStrings("tokenizer.ggml.tokens")!.ToList());
        Assert.Throws<LocalModelException>(() => file.GetNumbers("tokenizer.ggml.token_type"));
    }

    [Fact]
    public void GetStrings_Latin1_keeps_bytes_apart_that_are_not_UTF8()
    {
        byte[] two = [1, 0, 0, 0, 0, 0, 0, 0, 0xFE, 1, 0, 0, 0, 0, 0, 0, 0, 0xFF];
        var file = Read(new GgufWriter().PutArray("bytes", 8, 2, two).AddTensor("t", GgufWriter.F32, [1], new byte[4]));

        Assert.Equal(["\u00FE", "\u00FF"], file.GetStrings("bytes", Encoding.Latin1)!);
    }

    private GgufFile Read(GgufWriter writer) => GgufFile.Read(Write(writer));

    private string Write(GgufWriter writer)
    {
        var path = _directory.File("written.gguf");
        writer.Write(path);
        return path;
    }
}
