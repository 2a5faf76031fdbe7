using LlmThrift.Embeddings;
using LlmThrift.SemanticCache;
using LlmThrift.Vectors;
using Microsoft.Extensions.AI;

namespace LlmThrift.Benchmarks;

/// <summary>
/// An encoder that takes no time: hands out <see cref="Next"/> whatever the text. Pairs are not verified either: it is the encoder that would do that, in
/// milliseconds.
/// </summary>
internal sealed class PreparedVectors : IEmbeddingGenerator<string, Embedding<float>>, IQuickEmbeddingGenerator
{
    private readonly ScorerThatDoesNotVerify _scorer = new();

    public float[] Next { get; set; } = [];

    public Task<GeneratedEmbeddings<Embedding<float>>> GenerateAsync(
        IEnumerable<string> values,
        EmbeddingGenerationOptions? options = null,
        CancellationToken cancellationToken = default
    ) => Task.FromResult(new GeneratedEmbeddings<Embedding<float>>([new Embedding<float>(Next)]));

    public object? GetService(Type serviceType, object? serviceKey = null) =>
        serviceType == typeof(IQuestionPairScorer) ? _scorer
        : serviceType.IsInstanceOfType(this) ? this
        : null;

    public void Dispose() { }

    private sealed class ScorerThatDoesNotVerify : IQuestionPairScorer
    {
        private readonly MiniLmPairScorer _scorer = new();

        public float Score(in QuestionPair pair) => _scorer.Score(pair);
    }
}
