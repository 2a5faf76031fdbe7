using System.Buffers.Binary;
using System.Globalization;

namespace LlmThrift.TestKit.Gguf;

/// <summary>An encoder of the BERT architecture with random weights and a vocabulary of single characters. Its vectors mean nothing, but always the same nothing.</summary>
public static class RandomBertModel
{
    private const char Space = '\u2581';

    /// <summary>Writes a model's file.</summary>
    public static void Write(string path, RandomBertOptions? options = null) => Build(options).Write(path);

    /// <summary>A model's file before it is written, so that a test can change it.</summary>
    public static GgufWriter Build(RandomBertOptions? options = null)
    {
        options ??= new RandomBertOptions();
        var writer = new GgufWriter();
        writer
            .Set("general.architecture", "bert")
            .Set("general.name", "random")
            .Set("general.file_type", 0u)
            .Set("bert.context_length", (uint)options.Context)
            .Set("bert.embedding_length", (uint)options.Embedding)
            .Set("bert.block_count", (uint)options.Layers)
            .Set("bert.feed_forward_length", (uint)options.FeedForward)
            .Set("bert.attention.head_count", (uint)options.Heads)
            .Set("bert.attention.layer_norm_epsilon", 1e-12f)
            .Set("bert.attention.causal", false);
        if (options.Pooling is { } pooling)
        {
            writer.Set("bert.pooling_type", pooling);
        }

        // Punctuation is a word of its own; letters and digits begin a word or go on with it.
        string[] tokens =
        [
            "[PAD]",
            "[UNK]",
            "[CLS]",
            "[SEP]",
            "[MASK]",
            .. Enumerable.Range('!', '~' - '!' + 1).Select(c => (char)c).Where(c => !char.IsAsciiLetterUpper(c)).Select(c => $"{Space}{c}"),
            .. Enumerable
                .Range('0', 'z' - '0' + 1)
                .Select(c => (char)c)
                .Where(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c))
                .Select(c => $"{c}"),
        ];
        AddVocabulary(writer, tokens, control: 5);
        AddTensors(writer, options, tokens.Length);
        return writer;
    }

    /// <summary>Sets a vocabulary of word pieces whose first tokens are control tokens.</summary>
    public static void AddVocabulary(GgufWriter writer, IReadOnlyList<string> tokens, int control)
    {
        const int Normal = 1;
        const int Control = 3;
        uint Id(string token) => (uint)tokens.Index().First(item => item.Item == token).Index;
        writer
            .Set("tokenizer.ggml.model", "bert")
            .Set("tokenizer.ggml.tokens", tokens)
            .Set("tokenizer.ggml.token_type", tokens.Select((_, i) => i < control ? Control : Normal).ToArray())
            .Set("tokenizer.ggml.token_type_count", 2u)
            .Set("tokenizer.ggml.bos_token_id", Id("[CLS]"))
            .Set("tokenizer.ggml.seperator_token_id", Id("[SEP]"))
            .Set("tokenizer.ggml.unknown_token_id", Id("[UNK]"))
            .Set("tokenizer.ggml.padding_token_id", Id("[PAD]"))
            .Set("tokenizer.ggml.mask_token_id", Id("[MASK]"));
    }

    private static void AddTensors(GgufWriter writer, RandomBertOptions options, int vocabulary)
    {
        var place = 0;
        void Random(string name, long columns, long rows, float bound)
        {
            var random = new SplitMix64(SplitMix64.Seed(options.Seed, place++));
            var bytes = new byte[4 * columns * rows];
            for (var i = 0; i < columns * rows; i++)
            {
                BinaryPrimitives.WriteSingleLittleEndian(bytes.AsSpan(4 * i), bound * random.NextSigned());
            }

            writer.AddTensor(name, GgufWriter.F32, rows == 1 ? [columns] : [columns, rows], bytes);
        }

        void Linear(string name, long inputs, long outputs)
        {
            Random(name + ".weight", inputs, outputs, 1.7f / MathF.Sqrt(inputs));
            Random(name + ".bias", outputs, 1, 0.1f);
        }

        void Norm(string name)
        {
            var ones = new byte[4 * options.Embedding];
            for (var i = 0; i < options.Embedding; i++)
            {
                BinaryPrimitives.WriteSingleLittleEndian(ones.AsSpan(4 * i), 1);
            }

            writer.AddTensor(name + ".weight", GgufWriter.F32, [options.Embedding], ones);
            Random(name + ".bias", options.Embedding, 1, 0.1f);
        }

        Random("token_embd.weight", options.Embedding, vocabulary, 1);
        Random("position_embd.weight", options.Embedding, options.Context, 0.3f);
        Random("token_types.weight", options.Embedding, 2, 0.1f);
        Norm("token_embd_norm");
        for (var i = 0; i < options.Layers; i++)
        {
            var layer = $"blk.{i.ToString(CultureInfo.InvariantCulture)}.";
            Linear(layer + "attn_q", options.Embedding, options.Embedding);
            Linear(layer + "attn_k", options.Embedding, options.Embedding);
            Linear(layer + "attn_v", options.Embedding, options.Embedding);
            Linear(layer + "attn_output", options.Embedding, options.Embedding);
            Norm(layer + "attn_output_norm");
            Linear(layer + "ffn_up", options.Embedding, options.FeedForward);
            Linear(layer + "ffn_down", options.FeedForward, options.Embedding);
            Norm(layer + "layer_output_norm");
        }
    }
}
