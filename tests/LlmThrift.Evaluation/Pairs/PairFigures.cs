namespace LlmThrift.Evaluation.Pairs;

/// <summary>What was measured on a file.</summary>
internal sealed record PairFigures(
    int Pairs,
    RankingMetrics Scorer,
    RankingMetrics Cosine,
    double CalibrationError,
    double MicrosecondsAPair
);
