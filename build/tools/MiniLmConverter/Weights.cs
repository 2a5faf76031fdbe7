using System.Globalization;
using LlmThrift.Embeddings.Model;

namespace MiniLmConverter;

/// <summary>The weights: linear maps in 8 bits with a scale for each output, word embeddings in 6 bits with a scale for each word, the rest as floats.</summary>
internal static class Weights
{
    private const int Dimensions = ModelLayout.Dimensions;

    public static void Write(SafeTensors tensors, ModelFileWriter writer)
    {
        WriteWordEmbeddings(tensors, writer);
        WritePositions(tensors, writer);
        writer.Add<float>(ModelLayout.EmbeddingNorm, Norm(tensors, "embeddings.LayerNorm"));
        for (var layer = 0; layer < ModelLayout.Layers; layer++)
        {
            var name = string.Create(CultureInfo.InvariantCulture, $"encoder.layer.{layer}.");
            var part = ModelLayout.FirstLayer + (layer * ModelLayout.PartsOfLayer);

            // Scores are divided by the root of a head's dimensions: once here, in the weights of the queries.
            var query = Linear
                .Read(tensors, name + "attention.self.query", Dimensions, Dimensions)
                .Times(1 / MathF.Sqrt(ModelLayout.HeadDimensions));
            var key = Linear.Read(tensors, name + "attention.self.key", Dimensions, Dimensions);
            var value = Linear.Read(tensors, name + "attention.self.value", Dimensions, Dimensions);
            writer.Add<byte>(part + ModelLayout.AttentionInput, query.Then(key).Then(value).Pack());
            AddLinear(part + ModelLayout.AttentionOutput, name + "attention.output.dense", Dimensions, Dimensions);
            writer.Add<float>(part + ModelLayout.AttentionNorm, Norm(tensors, name + "attention.output.LayerNorm"));
            AddLinear(part + ModelLayout.FeedForwardUp, name + "intermediate.dense", ModelLayout.Intermediate, Dimensions);
            AddLinear(part + ModelLayout.FeedForwardDown, name + "output.dense", Dimensions, ModelLayout.Intermediate);
            writer.Add<float>(part + ModelLayout.FeedForwardNorm, Norm(tensors, name + "output.LayerNorm"));
        }

        void AddLinear(int part, string name, int outputs, int inputs) =>
            writer.Add<byte>(part, Linear.Read(tensors, name, outputs, inputs).Pack());
    }

    private static float[] Norm(SafeTensors tensors, string name) =>
        [.. tensors.Read(name + ".weight", Dimensions), .. tensors.Read(name + ".bias", Dimensions)];

    private static void WritePositions(SafeTensors tensors, ModelFileWriter writer)
    {
        var positions = tensors.Read("embeddings.position_embeddings.weight", 512, Dimensions);
        var types = tensors.Read("embeddings.token_type_embeddings.weight", 2, Dimensions);
        var sums = new Half[ModelLayout.MaxTokens * Dimensions];
        for (var i = 0; i < sums.Length; i++)
        {
            sums[i] = (Half)(positions[i] + types[i % Dimensions]);
        }

        writer.Add<Half>(ModelLayout.PositionEmbeddings, sums);
    }

    private static void WriteWordEmbeddings(SafeTensors tensors, ModelFileWriter writer)
    {
        var embeddings = tensors.Read("embeddings.word_embeddings.weight", ModelLayout.VocabularySize, Dimensions);
        var rows = new byte[ModelLayout.WordRows * ModelLayout.WordRowBytes];
        var scales = new float[ModelLayout.WordRows];
        for (var row = 0; row < ModelLayout.WordRows; row++)
        {
            var id = row < 3 ? ModelLayout.UnknownId + row : ModelLayout.FirstWordId + row - 3;
            var values = embeddings.AsSpan(id * Dimensions, Dimensions);
            scales[row] = SixBits.BestScale(values);
            SixBits.Pack(values, scales[row], rows.AsSpan(row * ModelLayout.WordRowBytes, ModelLayout.WordRowBytes));
        }

        writer.Add<byte>(ModelLayout.WordEmbeddings, rows);
        writer.Add<float>(ModelLayout.WordScales, scales);
    }
}
