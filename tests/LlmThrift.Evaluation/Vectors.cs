using System.Globalization;
using LlmThrift.Vectors;
using Microsoft.Extensions.AI;

namespace LlmThrift.Evaluation;

/// <summary>Embeds texts in batches, each distinct text once.</summary>
internal static class Vectors
{
    private const int Batch = 512;

    public static async Task<Dictionary<string, float[]>> EmbedAsync(
        IEmbeddingGenerator<string, Embedding<float>> generator,
        IEnumerable<string> texts,
        CancellationToken cancellation
    )
    {
        var distinct = texts.Distinct(StringComparer.Ordinal).ToArray();
        var vectors = new Dictionary<string, float[]>(distinct.Length, StringComparer.Ordinal);
        foreach (var batch in distinct.Chunk(Batch))
        {
            var embeddings = await generator.GenerateAsync(batch, cancellationToken: cancellation);
            for (var i = 0; i < batch.Length; i++)
            {
                // An empty text has no direction: it is like nothing.
                vectors[batch[i]] = UnitVectors.TryNormalize(embeddings[i].Vector.Span, out var unit)
                    ? unit
                    : new float[embeddings[i].Vector.Length];
            }

            Progress.Show(string.Create(CultureInfo.InvariantCulture, $"Embedding: {vectors.Count:N0} of {distinct.Length:N0} texts"));
        }

        Progress.Clear();
        return vectors;
    }
}
