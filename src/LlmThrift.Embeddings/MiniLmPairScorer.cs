using LlmThrift.Embeddings.Pairs;
using LlmThrift.SemanticCache;

namespace LlmThrift.Embeddings;

/// <summary>
/// Says how likely it is that two questions have the same answer, from their words and from their embeddings by <see cref="MiniLmEmbeddingGenerator"/>, which
/// hands it to the semantic cache. Thread-safe; a pair takes microseconds and allocates nothing once its thread has made room to work in.
/// </summary>
/// <remarks>
/// <para>
/// A small network with decomposable attention (Parikh et al., EMNLP 2016) over a table of word pieces, with features of the words that only one question has, and
/// with the cosine similarity. Fitted on pairs of English questions; of each question the first 40 tokens are compared.
/// </para>
/// <para>The order of the two questions makes no difference.</para>
/// </remarks>
public sealed class MiniLmPairScorer : IQuestionPairScorer
{
    // Of the thread, for the scorer that it used last.
    [ThreadStatic]
    private static PairNetwork? _network;

    private readonly PairWeights? _weights;

    /// <summary>Makes a scorer with the weights that the assembly carries, which all instances share and the first pair loads.</summary>
    public MiniLmPairScorer() { }

    /// <summary>Makes a scorer with other weights.</summary>
    internal MiniLmPairScorer(PairWeights weights) => _weights = weights;

    /// <summary>Scores a pair.</summary>
    /// <param name="pair">The questions, with the similarity of their embeddings by <see cref="MiniLmEmbeddingGenerator"/>.</param>
    /// <returns>A calibrated probability, from 0 to 1.</returns>
    public float Score(in QuestionPair pair)
    {
        var network = _network;
        var weights = _weights ?? PairWeights.Shared;
        if (network?.Weights != weights)
        {
            network = _network = new PairNetwork(weights, PairVocabulary.Shared);
        }

        // In one order, so that rounding is the same both ways.
        var isInOrder = string.CompareOrdinal(pair.Question, pair.CachedQuestion) <= 0;
        var logOdds = isInOrder
            ? network.LogOdds(pair.Question, pair.CachedQuestion, pair.Similarity)
            : network.LogOdds(pair.CachedQuestion, pair.Question, pair.Similarity);
        return 1 / (1 + MathF.Exp(-logOdds));
    }
}
