using Microsoft.Extensions.AI;

namespace LlmThrift.Embeddings.Tests.SemanticCache;

/// <summary>The encoder, with the vectors of the table's questions computed once for all tests.</summary>
internal sealed class EncodedOnce(IEmbeddingGenerator<string, Embedding<float>> generator)
    : DelegatingEmbeddingGenerator<string, Embedding<float>>(generator)
{
    private readonly Dictionary<string, float[]> _vectors = new(StringComparer.Ordinal);

    /// <summary>The one of all tests.</summary>
    public static Lazy<Task<EncodedOnce>> Shared { get; } = new(MakeAsync);

    public override Task<GeneratedEmbeddings<Embedding<float>>> GenerateAsync(
        IEnumerable<string> values,
        EmbeddingGenerationOptions? options = null,
        CancellationToken cancellationToken = default
    ) => Task.FromResult(new GeneratedEmbeddings<Embedding<float>>(values.Select(text => new Embedding<float>(_vectors[text]))));

    private static async Task<EncodedOnce> MakeAsync()
    {
        var generator = new MiniLmEmbeddingGenerator();
        var texts = Topic.All.SelectMany(t => t.Seeds.Concat(t.Paraphrases).Concat(t.HardNegatives.Select(n => n.Text))).ToArray();
        var encoded = new EncodedOnce(generator);
        foreach (var (text, embedding) in texts.Zip(await generator.GenerateAsync(texts)))
        {
            encoded._vectors.Add(text, embedding.Vector.ToArray());
        }

        return encoded;
    }
}
