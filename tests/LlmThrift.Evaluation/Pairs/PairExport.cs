using System.Runtime.InteropServices;
using LlmThrift.Embeddings.Model;
using LlmThrift.Embeddings.Pairs;

namespace LlmThrift.Evaluation.Pairs;

/// <summary>
/// Writes what the pair scorer is fitted to: tokens and features as the scorer makes them, so that there is one implementation of either. Files of 32-bit floats or
/// integers in this machine's order, a row a pair; <c>build/tools/PairTrainer</c> reads them.
/// </summary>
internal static class PairExport
{
    public static async Task WriteAsync(EmbeddedPairs pairs, int folds, FoldBy by, DirectoryInfo folder, CancellationToken cancellation)
    {
        var count = pairs.Pairs.Count;
        var left = new int[count * PairLayout.MaxTokens];
        var right = new int[count * PairLayout.MaxTokens];
        var features = new float[count * PairFeatures.Count];
        var first = new PairQuestion();
        var second = new PairQuestion();
        for (var i = 0; i < count; i++)
        {
            first.Read(PairVocabulary.Shared, pairs.Pairs[i].First);
            second.Read(PairVocabulary.Shared, pairs.Pairs[i].Second);
            first.Tokens.CopyTo(left.AsSpan(i * PairLayout.MaxTokens));
            second.Tokens.CopyTo(right.AsSpan(i * PairLayout.MaxTokens));
            var row = features.AsSpan(i * PairFeatures.Count, PairFeatures.Count);
            PairFeatures.Compute(PairVocabulary.Shared, first, second, pairs.Cosines[i], row);
        }

        var words = new float[ModelLayout.VocabularySize * ModelLayout.Dimensions];
        var rarity = new float[ModelLayout.VocabularySize];
        for (var id = ModelLayout.FirstWordId; id < ModelLayout.VocabularySize; id++)
        {
            MiniLmModel.Shared.ReadWordEmbedding(id, words.AsSpan(id * ModelLayout.Dimensions, ModelLayout.Dimensions));
            rarity[id] = PairVocabulary.Shared.RarityOf(id);
        }

        folder.Create();
        await WriteAsync<int>("left.i32", left);
        await WriteAsync<int>("right.i32", right);
        await WriteAsync<float>("features.f32", features);
        await WriteAsync<float>("labels.f32", [.. pairs.Labels.Select(label => label ? 1f : 0f)]);
        await WriteAsync<int>("folds.i32", PairFolds.Deal(pairs.Pairs, folds, PairFolds.Seed, by));
        await WriteAsync<float>("words.f32", words);
        await WriteAsync<float>("rarity.f32", rarity);

        Task WriteAsync<T>(string name, T[] values)
            where T : struct =>
            File.WriteAllBytesAsync(Path.Combine(folder.FullName, name), MemoryMarshal.AsBytes(values.AsSpan()).ToArray(), cancellation);
    }
}
