using LlmThrift.Internal;

namespace LlmThrift.Evaluation.Streams;

/// <summary>What came of a stream.</summary>
internal sealed record StreamResult
{
    public required string Name { get; init; }

    public required int Requests { get; init; }

    public required int Hits { get; init; }

    public required int FalseHits { get; init; }

    public required int ModelCalls { get; init; }

    public required double BestThreshold { get; init; }

    public required int BestThresholdHits { get; init; }

    public required int BestThresholdFalseHits { get; init; }

    public double HitRate => Requests == 0 ? 0 : (double)Hits / Requests;

    public double FalseHitShare => Hits == 0 ? 0 : (double)FalseHits / Hits;

    /// <summary>The one-sided upper limit of Clopper and Pearson.</summary>
    public double FalseHitShareUpper95 => BinomialInterval.Upper(FalseHits, Hits, 0.95);
}
