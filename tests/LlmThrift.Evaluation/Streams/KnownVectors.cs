using Microsoft.Extensions.AI;

namespace LlmThrift.Evaluation.Streams;

/// <summary>The encoder with the vectors of all questions computed beforehand, in batches.</summary>
internal sealed class KnownVectors(IEmbeddingGenerator<string, Embedding<float>> generator, IReadOnlyDictionary<string, float[]> vectors)
    : DelegatingEmbeddingGenerator<string, Embedding<float>>(generator)
{
    public override async Task<GeneratedEmbeddings<Embedding<float>>> GenerateAsync(
        IEnumerable<string> values,
        EmbeddingGenerationOptions? options = null,
        CancellationToken cancellationToken = default
    )
    {
        var list = values.ToArray();
        return list.All(vectors.ContainsKey)
            ? new GeneratedEmbeddings<Embedding<float>>(list.Select(text => new Embedding<float>(vectors[text])))
            : await base.GenerateAsync(list, options, cancellationToken);
    }
}
