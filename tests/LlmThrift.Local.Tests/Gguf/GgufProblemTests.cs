using System.Buffers.Binary;
using LlmThrift.Local.Gguf;
using LlmThrift.TestKit.Gguf;
using Xunit;

namespace LlmThrift.Local.Tests.Gguf;

public sealed class GgufProblemTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    public static TheoryData<string, byte[]> OtherFiles =>
        new()
        {
            { "is empty (0 bytes)", [] },
            { "ZIP archive or PyTorch", "PK\u0003\u0004abcdefgh"u8.ToArray() },
            { "PyTorch weights", [0x80, 2, 0x8A, 0x0A] },
            { "safetensors", [0x40, 1, 0, 0, 0, 0, 0, 0, .. "{\"__metadata__\":{}}"u8] },
            { "HTML page", "\r\n<!DOCTYPE html><html>"u8.ToArray() },
            { "JSON", "{\"error\":\"Invalid credentials\"}"u8.ToArray() },
            { "old GGML file", "tjgg\u0001\0\0\0"u8.ToArray() },
            { "gzip", [0x1F, 0x8B, 8, 0] },
            { "git lfs pull", "version https://git-lfs.github.com/spec/v1\noid sha256:00"u8.ToArray() },
            { "text that begins 'Entry not found'", "Entry not found"u8.ToArray() },
            { "first bytes are 0011AAFF", [0, 0x11, 0xAA, 0xFF, 3, 9] },
        };

    [Theory]
    [MemberData(nameof(OtherFiles))]
    public void Read_another_kind_of_file_says_what_it_looks_like(string expected, byte[] bytes) => Expect(expected, bytes);

    [Fact]
    public void Read_a_missing_file_says_so() => Message("does not exist", () => GgufFile.Read(_directory.File("absent.gguf")));

    [Fact]
    public void Read_a_missing_directory_says_so() =>
        Message("does not exist", () => GgufFile.Read(Path.Combine(_directory.Path, "absent", "model.gguf")));

    [Fact]
    public void Read_a_directory_says_so() => Message("is a directory", () => GgufFile.Read(_directory.Path));

    [Fact]
    public void Read_an_empty_path_says_so() => Message("path of the model file is empty", () => GgufFile.Read(""));

    [Fact]
    public void Read_an_impossible_path_says_so() => Message("cannot be opened", () => GgufFile.Read(_directory.File("a\0b")));

    [Fact]
    public void Read_a_locked_file_says_so()
    {
        var path = _directory.File("locked.gguf");
        using var held = new FileStream(path, FileMode.Create, FileAccess.ReadWrite, FileShare.None);

        Message("cannot be opened", () => GgufFile.Read(path));
    }

    [Fact]
    public void Read_a_file_without_the_right_to_says_so()
    {
        // Windows has no such modes, and root may read everything.
        if (OperatingSystem.IsWindows() || Environment.UserName == "root")
        {
            return;
        }

        var path = _directory.File("secret.gguf");
        File.WriteAllText(path, "GGUF");
        File.SetUnixFileMode(path, UnixFileMode.None);

        Message("may not be read", () => GgufFile.Read(path));
    }

    [Theory]
    [InlineData(1u, "GGUF version 1")]
    [InlineData(4u, "GGUF version 4")]
    [InlineData(0u, "GGUF version 0")]
    [InlineData(0x03000000u, "big-endian")]
    public void Read_another_version_says_so(uint version, string expected) =>
        Expect(
            expected,
            new GgufWriter { Version = version }
                .AddTensor("t", 0, [1], new byte[4])
                .ToArray()
        );

    [Fact]
    public void Read_a_file_cut_in_its_weights_says_how_many_bytes_there_are()
    {
        var bytes = Model().ToArray();

        // The last tensor's rows end at the end of the file.
        Expect($"ends after {bytes.Length - 1:N0} of {bytes.Length:N0} bytes", bytes[..^1]);
    }

    [Fact]
    public void Read_a_file_cut_in_its_metadata_says_so()
    {
        var bytes = Model().ToArray();

        Expect("header counts", bytes[..100]);
        Expect("cut short", bytes[..3000]);
        Expect("ends after 20 bytes, within the header", bytes[..20]);
    }

    [Theory]
    [InlineData(GgufFieldKind.TensorCount, "", ulong.MaxValue, "counts 18,446,744,073,709,551,615 tensors")]
    [InlineData(GgufFieldKind.TensorCount, "", 60_000ul, "too few")]
    [InlineData(GgufFieldKind.TensorCount, "", 0ul, "no tensors")]
    [InlineData(GgufFieldKind.KeyCount, "", 1ul << 40, "keys of metadata, more than")]
    [InlineData(GgufFieldKind.KeyLength, "general.name", 0ul, "is 0 bytes long")]
    [InlineData(GgufFieldKind.KeyLength, "general.name", 1ul << 62, "bytes follow")]
    [InlineData(GgufFieldKind.ValueType, "general.name", 13ul, "value of type 13")]
    [InlineData(GgufFieldKind.ElementType, "tokenizer.ggml.scores", 99ul, "value of type 99")]
    [InlineData(GgufFieldKind.ElementCount, "tokenizer.ggml.scores", 1ul << 63, "more than the")]
    [InlineData(GgufFieldKind.ElementCount, "tokenizer.ggml.scores", 1ul << 23, "bytes follow")]
    [InlineData(GgufFieldKind.Value, "tokenizer.ggml.add_bos_token", 2ul, "should be true (1) or false (0)")]
    [InlineData(GgufFieldKind.TensorNameLength, "output.weight", 64ul, "the name in the description of tensor 3 of 12 is 64 bytes long")]
    [InlineData(GgufFieldKind.TensorName, "output.weight", 7ul, "cannot be part of a name")]
    [InlineData(GgufFieldKind.Rank, "output.weight", 5ul, "5 dimensions")]
    [InlineData(GgufFieldKind.Rank, "output.weight", 0ul, "0 dimensions")]
    [InlineData(GgufFieldKind.Dimension, "output.weight", 0ul, "dimension 1 of tensor 'output.weight' is 0")]
    [InlineData(GgufFieldKind.Dimension, "output.weight", ulong.MaxValue, "dimension 1 of tensor 'output.weight' is 18,")]
    [InlineData(GgufFieldKind.Dimension, "output.weight", 1ul << 57, "dimension 2 of tensor 'output.weight'")]
    [InlineData(GgufFieldKind.TensorType, "output.weight", 4ul, "of type 4, which llama.cpp")]
    [InlineData(GgufFieldKind.TensorType, "output.weight", 12ul, "Q4_K's blocks of 256")]
    [InlineData(GgufFieldKind.TensorOffset, "output.weight", 0ul, "begins at 0 rather than")]
    [InlineData(GgufFieldKind.TensorOffset, "token_embd.weight", 32ul, "begins at 32 rather than 0")]
    public void Read_a_damaged_field_says_which(GgufFieldKind kind, string name, ulong value, string expected)
    {
        var writer = Model();
        var bytes = writer.ToArray();
        var field = writer.Fields.First(place => place.Kind == kind && place.Name == name);
        Span<byte> number = stackalloc byte[8];
        BinaryPrimitives.WriteUInt64LittleEndian(number, value);
        number[..Math.Min(field.Length, 8)].CopyTo(bytes.AsSpan(field.Offset));

        Expect(expected, bytes);
    }

    [Fact]
    public void Read_a_tensor_larger_than_the_file_says_so()
    {
        var writer = new GgufWriter().AddTensor("large", GgufWriter.F32, [1L << 30, 1L << 20], 0, _ => { });

        Expect("of 4,503,599,627,370,592 bytes", writer.ToArray());
    }

    [Fact]
    public void Read_tensors_beyond_what_a_number_can_say_say_so()
    {
        var writer = new GgufWriter();
        foreach (var name in new[] { "a", "b", "c", "d" })
        {
            writer.AddTensor(name, GgufWriter.F32, [1L << 30, 1L << 29], 1L << 61, _ => { });
        }

        Expect("larger than any file", writer.ToArray());
    }

    [Fact]
    public void Read_a_key_twice_says_so() => Expect("has the key 'general.name' twice", Model().AddTwice("general.name").ToArray());

    [Fact]
    public void Read_a_tensor_twice_says_so() =>
        Expect("tensor 'output.weight' twice", Model().ChangeTensor("output_norm.weight", newName: "output.weight").ToArray());

    [Fact]
    public void Read_arrays_too_deep_say_so()
    {
        // One array in the other, each of one element.
        var nested = Enumerable.Repeat<byte[]>([9, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0], 10).SelectMany(part => part).ToArray();

        Expect("more than 4 deep", Model().PutArray("deep", 9, 1, nested).ToArray());
    }

    [Theory]
    [InlineData(0u)]
    [InlineData(16u)]
    [InlineData(48u)]
    [InlineData(1u << 31)]
    public void Read_an_alignment_that_cannot_be_loaded_says_so(uint alignment) =>
        Expect("general.alignment", Model().Set("general.alignment", alignment).ToArray());

    [Fact]
    public void Read_an_alignment_of_another_type_says_so() =>
        Expect("general.alignment of type UInt64", Model().Set("general.alignment", 32ul).ToArray());

    public static TheoryData<string, Action<GgufWriter>> Models =>
        new()
        {
            { "lacks 'general.architecture'", file => file.Remove("general.architecture") },
            {
                "lacks 'other.block_count' (UInt32) in its metadata; its architecture is 'other'",
                file => file.Set("general.architecture", "other")
            },
            { "image or audio encoder", file => file.Set("general.architecture", "clip") },
            { "Int32 in 'general.architecture' where Text", file => file.Set("general.architecture", 3) },
            { "one of 3 parts", file => file.Set("split.count", (ushort)3) },
            { "array of arrays in 'deep'", file => file.PutArray("deep", 9, 0, []) },
            { "lacks 'llama.context_length'", file => file.Remove("llama.context_length") },
            { "has 0 in 'llama.context_length'", file => file.Set("llama.context_length", 0u) },
            { "has 2,147,483,648 in 'llama.context_length'", file => file.Set("llama.context_length", 1u << 31) },
            { "UInt64 in 'llama.context_length' where UInt32", file => file.Set("llama.context_length", 512ul) },
            { "'llama.embedding_length'", file => file.Remove("llama.embedding_length") },
            { "has 513 in 'llama.block_count'", file => file.Set("llama.block_count", 513u) },
            { "'llama.attention.head_count'", file => file.Remove("llama.attention.head_count") },
            { "has 0 in 'llama.attention.head_count'", file => file.Set("llama.attention.head_count", 0u) },
            { "Int32[3] in 'llama.attention.head_count'", file => file.Set("llama.attention.head_count", [8, 8, 8]) },
            { "has 7 attention heads", file => file.Set("llama.attention.head_count", 7u) },
            { "has 8 attention heads for 3 of keys", file => file.Set("llama.attention.head_count_kv", 3u) },
            { "turns 6 dimensions", file => file.Set("llama.rope.dimension_count", 6u) },
            { "keys of 16 and values of 8", file => file.Set("llama.attention.key_length", 16u) },
            { "NaN in 'llama.rope.freq_base'", file => file.Set("llama.rope.freq_base", float.NaN) },
            { "has 0 in 'llama.rope.freq_base'", file => file.Set("llama.rope.freq_base", 0f) },
            { "Float64 in 'llama.rope.freq_base'", file => file.Set("llama.rope.freq_base", 10000d) },
            { "-1 in 'llama.rope.scaling.factor'", file => file.Set("llama.rope.scaling.factor", -1f) },
            { "'cubic' in 'llama.rope.scaling.type'", file => file.Set("llama.rope.scaling.type", "cubic") },
            { "lacks 'llama.attention.layer_norm_rms_epsilon'", file => file.Remove("llama.attention.layer_norm_rms_epsilon") },
            {
                "Infinity in 'llama.attention.layer_norm_rms_epsilon'",
                file => file.Set("llama.attention.layer_norm_rms_epsilon", float.PositiveInfinity)
            },
            { "'llama.feed_forward_length'", file => file.Remove("llama.feed_forward_length") },
            { "holds an encoder", file => file.Set("llama.attention.causal", false) },
            { "embedding model", file => file.Set("llama.pooling_type", 1u) },
            { "in 'llama.nextn_predict_layers'", file => file.Set("llama.nextn_predict_layers", 1u) },
            { "in 'llama.embedding_length_out'", file => file.Set("llama.embedding_length_out", 32u) },
            { "2 experts of 0", file => file.Set("llama.expert_used_count", 2u) },
            { "0 experts of 4", file => file.Set("llama.expert_count", 4u) },
            { "3 experts into 2 groups", Experts },
            {
                "lacks the tensor 'blk.0.ffn_gate_inp.weight'",
                file => file.Set("llama.expert_count", 4u).Set("llama.expert_used_count", 2u)
            },
            { "lacks 'tokenizer.ggml.model'", file => file.Remove("tokenizer.ggml.model") },
            { "has no vocabulary", file => file.Set("tokenizer.ggml.model", "none") },
            { "tokenizer 'lllama'", file => file.Set("tokenizer.ggml.model", "lllama") },
            { "lacks 'tokenizer.ggml.tokens'", file => file.Remove("tokenizer.ggml.tokens") },
            { "Float32[2] in 'tokenizer.ggml.tokens'", file => file.Set("tokenizer.ggml.tokens", [1f, 2f]) },
            { "empty array in 'tokenizer.ggml.tokens'", file => file.Set("tokenizer.ggml.tokens", Array.Empty<string>()) },
            { "lacks 'tokenizer.ggml.token_type'", file => file.Remove("tokenizer.ggml.token_type") },
            { "511 elements in 'tokenizer.ggml.token_type' for 512 tokens", file => file.Set("tokenizer.ggml.token_type", new int[511]) },
            { "513 elements in 'tokenizer.ggml.scores' for 512 tokens", file => file.Set("tokenizer.ggml.scores", new float[513]) },
            { "lacks 'tokenizer.ggml.merges'", file => file.Set("tokenizer.ggml.model", "gpt2") },
            { "score that is not a number: that of token 511", file => file.Set("tokenizer.ggml.scores", [.. new float[511], float.NaN]) },
            { "has 512 in 'tokenizer.ggml.bos_token_id'", file => file.Set("tokenizer.ggml.bos_token_id", 512u) },
            { "has 9999 in 'tokenizer.ggml.eos_token_id'", file => file.Set("tokenizer.ggml.eos_token_id", 9999u) },
            { "Int32 in 'tokenizer.ggml.eos_token_id'", file => file.Set("tokenizer.ggml.eos_token_id", 2) },
            { "in 'tokenizer.ggml.add_bos_token' where Boolean", file => file.Set("tokenizer.ggml.add_bos_token", 1u) },
            { "'token 0' twice", file => Tokens(file, (tokens, _) => tokens[400] = tokens[300] = "token 0") },
            { "token 3, 'nul', as a byte's", file => Tokens(file, (tokens, _) => tokens[3] = "nul") },
            {
                "no token for the byte <0x41>",
                file => Tokens(file, (tokens, types) => (tokens[3 + 65], tokens[3 + 256 + 33], types[3 + 65]) = ("x1", "x2", 1))
            },
            { "vocabulary of 2 tokens", file => SmallVocabulary(file) },
            { "lacks the tensor 'token_embd.weight'", file => file.ChangeTensor("token_embd.weight", newName: "embd") },
            {
                "'token_embd.weight' of 64 x 500, where its metadata asks for 64 x 512",
                file => file.ChangeTensor("token_embd.weight", dimensions: [64, 500], byteLength: 128_000)
            },
            { "'token_embd.weight' as I32", file => file.ChangeTensor("token_embd.weight", type: 26) },
            { "lacks the tensor 'blk.0.attn_q.weight'", file => file.RemoveTensor("blk.0.attn_q.weight") },
            { "lacks the tensor 'blk.0.ffn_norm.weight'", file => file.RemoveTensor("blk.0.ffn_norm.weight") },
            { "lacks the tensor 'output_norm.weight'", file => file.RemoveTensor("output_norm.weight") },
            { "lacks the tensor 'blk.1.attn_norm.weight'", file => file.Set("llama.block_count", 2u) },
            {
                "'blk.0.attn_k.weight' of 64 x 64",
                file => file.ChangeTensor("blk.0.attn_k.weight", dimensions: [64, 64], byteLength: 16_384)
            },
            { "'blk.0.ffn_down.weight' of 64 x 192", file => file.ChangeTensor("blk.0.ffn_down.weight", dimensions: [64, 192]) },
            { "'blk.0.ffn_up.weight' as I32", file => file.ChangeTensor("blk.0.ffn_up.weight", type: 26) },
            {
                "'blk.0.attn_norm.weight' as F16: a vector must be F32",
                file => file.ChangeTensor("blk.0.attn_norm.weight", type: 1, byteLength: 128)
            },
            { "'blk.0.attn_q.bias' as F16", file => file.AddTensor("blk.0.attn_q.bias", 1, [64], new byte[128]) },
            { "has the tensor 'blk.9.attn_q.weight'", file => file.AddTensor("blk.9.attn_q.weight", 0, [64, 64], new byte[16_384]) },
        };

    [Theory]
    [MemberData(nameof(Models))]
    public void Validate_an_incomplete_or_inconsistent_model_says_why(string expected, Action<GgufWriter> change)
    {
        var writer = Model();
        change(writer);

        Expect(expected, writer.ToArray());
    }

    [Theory]
    [InlineData(uint.MaxValue)]
    [InlineData(511u)]
    public void Validate_a_token_id_that_is_none_or_in_the_vocabulary_is_sound(uint id)
    {
        var path = _directory.File("model.gguf");
        Model().Set("tokenizer.ggml.padding_token_id", id).Write(path);

        Assert.Equal(512, GgufFile.Validate(path).VocabularySize);
    }

    [Fact]
    public void Validate_the_message_has_no_unprintable_text_of_the_file()
    {
        var path = _directory.File("model.gguf");
        Model().Set("llama.rope.scaling.type", "a\u0007\u001b[31m" + new string('x', 10_000)).Write(path);

        var problem = Assert.Throws<LocalModelException>(() => GgufFile.Validate(path));

        Assert.DoesNotContain(problem.Message, char.IsControl);
        Assert.True(problem.Message.Length < 500);
    }

    private static void Experts(GgufWriter file) =>
        file.Set("llama.expert_count", 3u)
            .Set("llama.expert_used_count", 2u)
            .Set("llama.expert_group_count", 2u)
            .Set("llama.expert_group_used_count", 1u);

    private static void SmallVocabulary(GgufWriter file) =>
        file.Set("tokenizer.ggml.model", "gpt2")
            .Set("tokenizer.ggml.merges", ["a b"])
            .Set("tokenizer.ggml.tokens", ["a", "b"])
            .Set("tokenizer.ggml.scores", [1f, 1f])
            .Set("tokenizer.ggml.token_type", [1, 1]);

    private static void Tokens(GgufWriter file, Action<string[], int[]> change)
    {
        using var directory = new TemporaryDirectory();
        var path = directory.File("tokens.gguf");
        file.Write(path);
        var sound = GgufFile.Read(path);
        var tokens = sound.GetStrings("tokenizer.ggml.tokens")!.ToArray();
        var types = sound.GetNumbers("tokenizer.ggml.token_type")!.Select(type => (int)type).ToArray();
        change(tokens, types);
        file.Set("tokenizer.ggml.tokens", tokens).Set("tokenizer.ggml.token_type", types);
    }

    private static GgufWriter Model() => RandomLlamaModel.Build(new RandomLlamaOptions { Layers = 1 });

    private void Expect(string expected, byte[] bytes)
    {
        var path = _directory.File("model.gguf");
        File.WriteAllBytes(path, bytes);
        var message = Message(expected, () => GgufFile.Validate(path));
        Assert.Contains(path, message, StringComparison.Ordinal);
    }

    private static string Message(string expected, Action act)
    {
        var problem = Assert.Throws<LocalModelException>(act);
        Assert.Contains(expected, problem.Message, StringComparison.Ordinal);

        // What is wrong, and the way out.
        Assert.Matches(@"\. [A-Z].*\.$", problem.Message);
        return problem.Message;
    }
}
