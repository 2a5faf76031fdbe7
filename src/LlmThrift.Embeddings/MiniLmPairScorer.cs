using LlmThrift.Embeddings.Pairs;
using LlmThrift.SemanticCache;

namespace LlmThrift.Embeddings;

/// <summary>
/// Says how likely it is that two questions have the same answer, from their words and from their embeddings by <see cref="MiniLmEmbeddingGenerator"/>, which
/// hands it to the semantic cache. Thread-safe; allocates nothing once its thread has made room to work in.
/// </summary>
/// <remarks>
/// <para>
/// <see cref="Score"/> takes microseconds: a small network with decomposable attention (Parikh et al., EMNLP 2016) over a table of word pieces, with features of
/// the words that only one question has, and with the cosine similarity. <see cref="Verify"/> takes about twice as long as embeddings of both questions: the
/// encoder, with weights fitted to this, reads them as one text (a cross-encoder; Reimers and Gurevych, EMNLP 2019), twice, with weights that were fitted apart,
/// and what comes of it is weighed with what the network says. The first time, it prepares these weights, in some 22 MB of memory that all scorers share.
/// </para>
/// <para>Fitted on pairs of English questions; of each question the first 40 tokens are compared.</para>
/// <para>The order of the two questions makes no difference.</para>
/// </remarks>
public sealed class MiniLmPairScorer : IQuestionPairScorer
{
    // Of the thread, for the scorer that it used last.
    [ThreadStatic]
    private static PairNetwork? _network;

    private readonly PairWeights? _weights;
    private readonly CrossEncoder? _crossEncoder;

    /// <summary>Makes a scorer with the weights that the assembly carries, which all instances share and the first pair loads.</summary>
    public MiniLmPairScorer() { }

    /// <summary>Makes a scorer with other weights.</summary>
    internal MiniLmPairScorer(PairWeights weights, CrossEncoder crossEncoder)
    {
        _weights = weights;
        _crossEncoder = crossEncoder;
    }

    /// <summary>Scores a pair by its words and its similarity.</summary>
    /// <param name="pair">The questions, with the similarity of their embeddings by <see cref="MiniLmEmbeddingGenerator"/>.</param>
    /// <returns>A calibrated probability, from 0 to 1.</returns>
    public float Score(in QuestionPair pair) => Probability(LogOdds(pair, out _));

    /// <summary>Scores a pair by reading both questions together as well.</summary>
    /// <param name="pair">The questions, with the similarity of their embeddings by <see cref="MiniLmEmbeddingGenerator"/>.</param>
    /// <returns>A calibrated probability, from 0 to 1.</returns>
    public float Verify(in QuestionPair pair)
    {
        var logOdds = LogOdds(pair, out var network);
        var crossEncoder = _crossEncoder ?? CrossEncoder.Shared;
        return Probability(crossEncoder.LogOdds(network.LeftTokens, network.RightTokens, network.Features, pair.Similarity, logOdds));
    }

    private float LogOdds(in QuestionPair pair, out PairNetwork network)
    {
        var weights = _weights ?? PairWeights.Shared;
        if (_network?.Weights != weights)
        {
            _network = new PairNetwork(weights, PairVocabulary.Shared);
        }

        network = _network;

        // In one order, so that rounding is the same both ways.
        var isInOrder = string.CompareOrdinal(pair.Question, pair.CachedQuestion) <= 0;
        return isInOrder
            ? network.LogOdds(pair.Question, pair.CachedQuestion, pair.Similarity)
            : network.LogOdds(pair.CachedQuestion, pair.Question, pair.Similarity);
    }

    private static float Probability(float logOdds) => 1 / (1 + MathF.Exp(-logOdds));
}
