using ConsoleReplay.Semantic;

namespace ConsoleReplay.Reporting;

/// <summary>What a replay cost, without and with cost controls. Money in USD.</summary>
internal sealed record ReplayFigures
{
    public long Calls { get; init; }

    /// <summary>Calls of which the model has no known price; they are in no sum of money.</summary>
    public long UnpricedCalls { get; init; }

    /// <summary>Calls of which some count is an estimate, because the provider did not report it.</summary>
    public long EstimatedCalls { get; init; }

    /// <summary>Calls that reached the provider.</summary>
    public long ProviderCalls { get; init; }

    public decimal BaselineCost { get; init; }

    public decimal ActualCost { get; init; }

    public decimal Saving => BaselineCost - ActualCost;

    /// <summary>Whether any call has a known price; otherwise no sum of money says anything.</summary>
    public bool IsPriced => Calls > UnpricedCalls;

    public long BaselineInputTokens { get; init; }

    public long BaselineOutputTokens { get; init; }

    public long InputTokens { get; init; }

    public long OutputTokens { get; init; }

    /// <summary>The saving of each stage, in the order of the pipeline. The parts add up to <see cref="Saving"/>.</summary>
    public IReadOnlyList<StageFigures> Stages { get; init; } = [];

    /// <summary>The same by feature of the app, the dearest first; empty when calls carry none.</summary>
    public IReadOnlyList<GroupFigures> Features { get; init; } = [];

    /// <summary>Why calls could not be cached, and how many.</summary>
    public IReadOnlyDictionary<string, long> PassedBy { get; init; } = new Dictionary<string, long>(StringComparer.Ordinal);

    /// <summary>How long callers waited for the whole answer; null where it is not known.</summary>
    public LatencyFigures? LatencyWithout { get; init; }

    /// <inheritdoc cref="LatencyWithout"/>
    public LatencyFigures? LatencyWith { get; init; }

    /// <summary>What the semantic cache did; null when it is not in use.</summary>
    public SemanticFigures? Semantic { get; init; }
}

/// <summary>One stage's part of the saving.</summary>
/// <param name="Name">The stage.</param>
/// <param name="Calls">Calls that the stage answered itself.</param>
/// <param name="Saving">Its saving in USD.</param>
internal sealed record StageFigures(string Name, long Calls, decimal Saving);

/// <summary>One group's cost, in USD.</summary>
/// <param name="Name">The group.</param>
/// <param name="Calls">Its calls.</param>
/// <param name="UnpricedCalls">Those without a known price, which are in no sum.</param>
/// <param name="BaselineCost">What its calls would have cost.</param>
/// <param name="ActualCost">What they cost.</param>
internal sealed record GroupFigures(string Name, long Calls, long UnpricedCalls, decimal BaselineCost, decimal ActualCost)
{
    /// <summary>Whether any call has a known price.</summary>
    public bool IsPriced => Calls > UnpricedCalls;
}

/// <summary>Median and 95th percentile.</summary>
internal readonly record struct LatencyFigures(TimeSpan Median, TimeSpan P95)
{
    /// <summary>Nearest-rank percentiles; null of nothing. Sorts <paramref name="latencies"/>.</summary>
    public static LatencyFigures? Of(List<TimeSpan> latencies)
    {
        if (latencies.Count == 0)
            return null;

        latencies.Sort();
        return new LatencyFigures(At(0.5), At(0.95));

        TimeSpan At(double share) => latencies[Math.Max(0, (int)Math.Ceiling(share * latencies.Count) - 1)];
    }
}
