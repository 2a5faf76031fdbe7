namespace LlmThrift.Evaluation.Routing;

/// <summary>The figures of one file and pair of models.</summary>
internal sealed record RoutingResult
{
    public required string File { get; init; }

    public required string Weak { get; init; }

    public required string Strong { get; init; }

    public required int Prompts { get; init; }

    public required double WeakQuality { get; init; }

    public required double StrongQuality { get; init; }

    public required Figures Ours { get; init; }

    public required double ApgrLow { get; init; }

    public required double ApgrHigh { get; init; }

    public required Figures Random { get; init; }

    public required Figures LongestFirst { get; init; }

    /// <summary>The oracle's area less ours: what knowing the answers beforehand would be worth.</summary>
    public required double Regret { get; init; }

    /// <summary>USD per 1,000 calls: all weak, all strong, and ours at 95, 98 and 100 % of the strong model's quality; null without prices.</summary>
    public (double Weak, double Strong, double At95, double At98, double At100)? CostPer1000 { get; init; }

    public Promise? Kept { get; init; }

    internal sealed record Figures(double Apgr, double Cpt50, double Cpt80);

    /// <param name="Target">The share of the strong model's quality that was promised.</param>
    /// <param name="Kept">The share of seeds in which the rest of the file had it.</param>
    /// <param name="Seeds">How many.</param>
    /// <param name="StrongShare">The share of calls that went to the strong model, on average.</param>
    internal sealed record Promise(double Target, double Kept, int Seeds, double StrongShare);
}
