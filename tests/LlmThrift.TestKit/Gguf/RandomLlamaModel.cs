using System.Buffers.Binary;
using System.Globalization;

namespace LlmThrift.TestKit.Gguf;

/// <summary>
/// A model of the Llama architecture with random weights and a small vocabulary of pieces that reads any text. What it writes makes no sense, but always the same
/// none.
/// </summary>
public static class RandomLlamaModel
{
    private const string Space = "\u2581";

    private const string CommonPairs =
        "th he in er an re on at en nd ti es or te of ed is it al ar st to nt ng se ha as ou io le ve co me de hi ri ro ic ne ea ra ce li ch ll be ma si om ur";

    /// <summary>Writes a model's file.</summary>
    public static void Write(string path, RandomLlamaOptions? options = null) => Build(options).Write(path);

    /// <summary>A model's file before it is written, so that a test can change it.</summary>
    public static GgufWriter Build(RandomLlamaOptions? options = null)
    {
        options ??= new RandomLlamaOptions();
        var writer = new GgufWriter();
        AddMetadata(writer, options);
        AddVocabulary(writer, options.Vocabulary, options.ControlTokens);

        var place = 0;
        void Matrix(string name, long columns, long rows, long experts = 1)
        {
            var seed = SplitMix64.Seed(options.Seed, place++);
            var bound = options.Scale / MathF.Sqrt(columns);
            var size = options.Half ? 2 : 4;
            writer.AddTensor(
                name,
                options.Half ? GgufWriter.F16 : GgufWriter.F32,
                experts == 1 ? [columns, rows] : [columns, rows, experts],
                columns * rows * experts * size,
                stream => Fill(stream, new SplitMix64(seed), columns, rows * experts, size, bound)
            );
        }

        void Norm(string name)
        {
            var ones = new byte[4 * options.Embedding];
            for (var i = 0; i < options.Embedding; i++)
            {
                BinaryPrimitives.WriteSingleLittleEndian(ones.AsSpan(4 * i), 1);
            }

            writer.AddTensor(name, GgufWriter.F32, [options.Embedding], ones);
        }

        var keys = options.Embedding / options.Heads * options.KeyHeads;
        Matrix("token_embd.weight", options.Embedding, options.Vocabulary);
        Norm("output_norm.weight");
        if (!options.TiedOutput)
        {
            Matrix("output.weight", options.Embedding, options.Vocabulary);
        }

        for (var i = 0; i < options.Layers; i++)
        {
            var layer = $"blk.{i.ToString(CultureInfo.InvariantCulture)}.";
            Norm(layer + "attn_norm.weight");
            Matrix(layer + "attn_q.weight", options.Embedding, options.Embedding);
            Matrix(layer + "attn_k.weight", options.Embedding, keys);
            Matrix(layer + "attn_v.weight", options.Embedding, keys);
            Matrix(layer + "attn_output.weight", options.Embedding, options.Embedding);
            Norm(layer + "ffn_norm.weight");
            if (options.Experts > 0)
            {
                Matrix(layer + "ffn_gate_inp.weight", options.Embedding, options.Experts);
                Matrix(layer + "ffn_gate_exps.weight", options.Embedding, options.FeedForward, options.Experts);
                Matrix(layer + "ffn_up_exps.weight", options.Embedding, options.FeedForward, options.Experts);
                Matrix(layer + "ffn_down_exps.weight", options.FeedForward, options.Embedding, options.Experts);
                continue;
            }

            Matrix(layer + "ffn_gate.weight", options.Embedding, options.FeedForward);
            Matrix(layer + "ffn_up.weight", options.Embedding, options.FeedForward);
            Matrix(layer + "ffn_down.weight", options.FeedForward, options.Embedding);
        }

        return writer;
    }

    private static void AddMetadata(GgufWriter writer, RandomLlamaOptions options)
    {
        writer
            .Set("general.architecture", "llama")
            .Set("general.name", "random")
            .Set("general.file_type", options.Half ? 1u : 0u)
            .Set("llama.context_length", (uint)options.Context)
            .Set("llama.embedding_length", (uint)options.Embedding)
            .Set("llama.block_count", (uint)options.Layers)
            .Set("llama.feed_forward_length", (uint)options.FeedForward)
            .Set("llama.attention.head_count", (uint)options.Heads)
            .Set("llama.attention.head_count_kv", (uint)options.KeyHeads)
            .Set("llama.attention.layer_norm_rms_epsilon", 1e-5f)
            .Set("llama.rope.dimension_count", (uint)(options.Embedding / options.Heads))
            .Set("llama.rope.freq_base", 10000f);
        if (options.Experts > 0)
        {
            writer.Set("llama.expert_count", (uint)options.Experts).Set("llama.expert_used_count", (uint)Math.Min(2, options.Experts));
        }

        if (options.ChatTemplate is { } template)
        {
            writer.Set("tokenizer.chat_template", template);
        }

        if (options.ToolTemplate is { } toolTemplate)
        {
            writer.Set("tokenizer.chat_template.tool_use", toolTemplate);
        }
    }

    private static void AddVocabulary(GgufWriter writer, int size, IReadOnlyList<string> controlTokens)
    {
        const int Normal = 1;
        const int Unknown = 2;
        const int Control = 3;
        const int Byte = 6;
        var tokens = new List<string> { "<unk>", "<s>", "</s>" };
        var types = new List<int> { Unknown, Control, Control };
        for (var b = 0; b < 256; b++)
        {
            tokens.Add(string.Create(CultureInfo.InvariantCulture, $"<0x{b:X2}>"));
            types.Add(Byte);
        }

        tokens.AddRange(Pieces().Distinct(StringComparer.Ordinal).Take(size - controlTokens.Count - tokens.Count));
        types.AddRange(Enumerable.Repeat(Normal, tokens.Count - types.Count));
        tokens.AddRange(controlTokens);
        types.AddRange(Enumerable.Repeat(Control, controlTokens.Count));

        // The tokenizer joins the pair with the highest score first: pieces that come earlier are the more frequent.
        writer
            .Set("tokenizer.ggml.model", "llama")
            .Set("tokenizer.ggml.tokens", tokens)
            .Set("tokenizer.ggml.scores", tokens.Select((_, i) => types[i] == Normal ? -(float)i : 0f).ToArray())
            .Set("tokenizer.ggml.token_type", types)
            .Set("tokenizer.ggml.bos_token_id", 1u)
            .Set("tokenizer.ggml.eos_token_id", 2u)
            .Set("tokenizer.ggml.unknown_token_id", 0u)
            .Set("tokenizer.ggml.add_bos_token", true)
            .Set("tokenizer.ggml.add_eos_token", false);
    }

    // Characters, then pairs of them, then longer pieces that are joined from a shorter one and a letter.
    private static IEnumerable<string> Pieces()
    {
        yield return Space;
        for (var c = '!'; c <= '~'; c++)
        {
            yield return c.ToString();
        }

        var letters = Enumerable.Range('a', 26).Select(c => ((char)c).ToString()).ToArray();
        foreach (var letter in letters)
        {
            yield return Space + letter;
        }

        foreach (var pair in CommonPairs.Split(' '))
        {
            yield return pair;
        }

        var shorter = letters;
        while (true)
        {
            shorter = shorter.SelectMany(_ => letters, (piece, letter) => piece + letter).ToArray();
            foreach (var piece in shorter)
            {
                yield return piece;
            }
        }
    }

    private static void Fill(Stream stream, SplitMix64 random, long columns, long rows, int size, float bound)
    {
        var row = new byte[columns * size];
        for (var y = 0L; y < rows; y++)
        {
            for (var x = 0; x < columns; x++)
            {
                var value = bound * random.NextSigned();
                if (size == 2)
                {
                    BinaryPrimitives.WriteHalfLittleEndian(row.AsSpan(2 * x), (Half)value);
                }
                else
                {
                    BinaryPrimitives.WriteSingleLittleEndian(row.AsSpan(4 * x), value);
                }
            }

            stream.Write(row);
        }
    }
}
