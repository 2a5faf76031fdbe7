namespace LlmThrift.Evaluation.Pairs;

/// <summary>What was measured on a file.</summary>
/// <param name="Pairs">How many there are.</param>
/// <param name="Scorer">Of the scorer's last word, <see cref="SemanticCache.IQuestionPairScorer.Verify"/>.</param>
/// <param name="QuickScorer">Of its first, <see cref="SemanticCache.IQuestionPairScorer.Score"/>.</param>
/// <param name="Cosine">Of the similarity of the vectors.</param>
/// <param name="CalibrationError">How far the scorer's probabilities are from the shares of pairs with the same answer.</param>
/// <param name="MicrosecondsAPair">What the last word takes.</param>
/// <param name="MicrosecondsAQuickPair">What the first takes.</param>
internal sealed record PairFigures(
    int Pairs,
    RankingMetrics Scorer,
    RankingMetrics QuickScorer,
    RankingMetrics Cosine,
    double CalibrationError,
    double MicrosecondsAPair,
    double MicrosecondsAQuickPair
);
