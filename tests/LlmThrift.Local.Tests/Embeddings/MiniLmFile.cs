using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using LlmThrift.Embeddings.Model;
using LlmThrift.TestKit.Gguf;

namespace LlmThrift.Local.Tests.Embeddings;

/// <summary>Writes the weights and the vocabulary of LlmThrift.Embeddings, all-MiniLM-L6-v2, as a GGUF file of matrices in 16 bits.</summary>
internal static class MiniLmFile
{
    private const int Dimensions = ModelLayout.Dimensions;

    public static void Write(string path)
    {
        var file = ModelFile.Open();
        var writer = new GgufWriter();
        writer
            .Set("general.architecture", "bert")
            .Set("general.name", "all-MiniLM-L6-v2")
            .Set("general.file_type", 1u)
            .Set("bert.context_length", (uint)ModelLayout.MaxTokens)
            .Set("bert.embedding_length", (uint)Dimensions)
            .Set("bert.block_count", (uint)ModelLayout.Layers)
            .Set("bert.feed_forward_length", (uint)ModelLayout.Intermediate)
            .Set("bert.attention.head_count", (uint)ModelLayout.Heads)
            .Set("bert.attention.layer_norm_epsilon", 1e-12f)
            .Set("bert.attention.causal", false)
            .Set("bert.pooling_type", 1u);
        RandomBertModel.AddVocabulary(writer, Vocabulary(file), control: ModelLayout.FirstWordId);
        AddEmbeddings(file, writer);
        for (var i = 0; i < ModelLayout.Layers; i++)
        {
            AddLayer(new EncoderLayer(file, i), writer, $"blk.{i.ToString(CultureInfo.InvariantCulture)}.");
        }

        writer.Write(path);
    }

    private static unsafe string[] Vocabulary(ModelFile file)
    {
        var entries = file.Part<uint>(ModelLayout.VocabularyEntries, ModelLayout.VocabularySize);
        var bytes = file.Part<byte>(ModelLayout.VocabularyBytes, 1);
        var tokens = new string[ModelLayout.VocabularySize];
        for (var id = 0; id < tokens.Length; id++)
        {
            var entry = entries[id];
            var length = (int)((entry & ~ModelLayout.EntryContinues) >> ModelLayout.EntryLengthShift);
            var text = Encoding.UTF8.GetString(bytes + (entry & ModelLayout.EntryOffsetMask), length);
            tokens[id] = id switch
            {
                0 => "[PAD]",
                ModelLayout.UnknownId => "[UNK]",
                ModelLayout.ClassifierId => "[CLS]",
                ModelLayout.SeparatorId => "[SEP]",
                ModelLayout.SeparatorId + 1 => "[MASK]",
                < ModelLayout.FirstWordId => string.Create(CultureInfo.InvariantCulture, $"[unused{id}]"),

                // llama.cpp marks what begins a word, BERT what goes on with it.
                _ => (entry & ModelLayout.EntryContinues) != 0 ? text : "\u2581" + text,
            };
        }

        return tokens;
    }

    private static unsafe void AddEmbeddings(ModelFile file, GgufWriter writer)
    {
        var words = new float[ModelLayout.VocabularySize * Dimensions];
        for (var id = 0; id < ModelLayout.VocabularySize; id++)
        {
            if (id is >= ModelLayout.UnknownId and <= ModelLayout.SeparatorId or >= ModelLayout.FirstWordId)
            {
                MiniLmModel.Shared.ReadWordEmbedding(id, words.AsSpan(id * Dimensions, Dimensions));
            }
        }

        var positions = file.Part<Half>(ModelLayout.PositionEmbeddings, ModelLayout.MaxTokens * Dimensions);
        var sums = new float[ModelLayout.MaxTokens * Dimensions];
        for (var i = 0; i < sums.Length; i++)
        {
            sums[i] = (float)positions[i];
        }

        Matrix(writer, "token_embd.weight", words, Dimensions);
        Matrix(writer, "position_embd.weight", sums, Dimensions);
        Norm(writer, "token_embd_norm", file.Part<float>(ModelLayout.EmbeddingNorm, 2 * Dimensions));
    }

    private static unsafe void AddLayer(in EncoderLayer layer, GgufWriter writer, string name)
    {
        var (weights, biases) = Read(layer.AttentionInput);
        string[] parts = ["attn_q", "attn_k", "attn_v"];
        for (var i = 0; i < parts.Length; i++)
        {
            // Queries carry the division by the root of a head's dimensions, which llama.cpp does itself.
            var factor = i == 0 ? MathF.Sqrt(ModelLayout.HeadDimensions) : 1;
            const int Size = Dimensions * Dimensions;
            Matrix(writer, name + parts[i] + ".weight", [.. weights[(i * Size)..((i + 1) * Size)].Select(w => w * factor)], Dimensions);
            Vector(writer, name + parts[i] + ".bias", [.. biases[(i * Dimensions)..((i + 1) * Dimensions)].Select(b => b * factor)]);
        }

        Linear(writer, name + "attn_output", layer.AttentionOutput);
        Norm(writer, name + "attn_output_norm", layer.AttentionNorm);
        Linear(writer, name + "ffn_up", layer.Up);
        Linear(writer, name + "ffn_down", layer.Down);
        Norm(writer, name + "layer_output_norm", layer.FeedForwardNorm);
    }

    private static void Linear(GgufWriter writer, string name, in LinearLayer layer)
    {
        var (weights, biases) = Read(layer);
        Matrix(writer, name + ".weight", weights, layer.Inputs);
        Vector(writer, name + ".bias", biases);
    }

    /// <summary>A row of inputs for each output, and the biases.</summary>
    private static unsafe (float[] Weights, float[] Biases) Read(in LinearLayer layer)
    {
        const int Columns = ModelLayout.PanelColumns;
        var weights = new float[layer.Inputs * layer.Outputs];
        for (var output = 0; output < layer.Outputs; output++)
        {
            var (panel, column) = Math.DivRem(output, Columns);
            for (var input = 0; input < layer.Inputs; input++)
            {
                var place = (panel * Columns * layer.Inputs) + (input / 2 * 2 * Columns) + (2 * column) + (input % 2);
                weights[(output * layer.Inputs) + input] = layer.Scales[output] * layer.Weights[place];
            }
        }

        return (weights, new ReadOnlySpan<float>(layer.Biases, layer.Outputs).ToArray());
    }

    private static unsafe void Norm(GgufWriter writer, string name, float* values)
    {
        Vector(writer, name + ".weight", new ReadOnlySpan<float>(values, Dimensions).ToArray());
        Vector(writer, name + ".bias", new ReadOnlySpan<float>(values + Dimensions, Dimensions).ToArray());
    }

    private static void Matrix(GgufWriter writer, string name, float[] values, int columns)
    {
        var bytes = new byte[2 * values.Length];
        for (var i = 0; i < values.Length; i++)
        {
            BinaryPrimitives.WriteHalfLittleEndian(bytes.AsSpan(2 * i), (Half)values[i]);
        }

        writer.AddTensor(name, GgufWriter.F16, [columns, values.Length / columns], bytes);
    }

    private static void Vector(GgufWriter writer, string name, float[] values)
    {
        var bytes = new byte[4 * values.Length];
        for (var i = 0; i < values.Length; i++)
        {
            BinaryPrimitives.WriteSingleLittleEndian(bytes.AsSpan(4 * i), values[i]);
        }

        writer.AddTensor(name, GgufWriter.F32, [values.Length], bytes);
    }
}
