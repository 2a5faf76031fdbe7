namespace LlmThrift.Metering;

/// <summary>Sums over a number of calls. Money is in US dollars, over the calls that could be priced.</summary>
public sealed record CostTotals
{
    /// <summary>Calls, whatever became of them.</summary>
    public long Calls { get; init; }

    /// <summary>Calls that ended in an exception.</summary>
    public long FailedCalls { get; init; }

    /// <summary>Calls that no price was known for; they are in no sum of money.</summary>
    public long UnpricedCalls { get; init; }

    /// <summary>Calls of which some count was made here rather than reported.</summary>
    public long EstimatedCalls { get; init; }

    /// <summary>What the calls would have cost as the app sent them.</summary>
    public decimal BaselineCost { get; init; }

    /// <summary>What the calls cost.</summary>
    public decimal ActualCost { get; init; }

    /// <summary><see cref="BaselineCost"/> less <see cref="ActualCost"/>.</summary>
    public decimal Saving => BaselineCost - ActualCost;

    /// <summary><see cref="Saving"/> as a share of <see cref="BaselineCost"/>, 0 to 1; 0 when nothing could be priced.</summary>
    public double SavingShare => BaselineCost == 0m ? 0 : (double)(Saving / BaselineCost);

    /// <summary>Input tokens billed.</summary>
    public long InputTokens { get; init; }

    /// <summary>Output tokens billed.</summary>
    public long OutputTokens { get; init; }

    /// <summary>Input tokens as the app sent them.</summary>
    public long BaselineInputTokens { get; init; }

    /// <summary>Output tokens as delivered.</summary>
    public long BaselineOutputTokens { get; init; }

    /// <summary>The parts of <see cref="Saving"/>, by stage; they add up to it exactly.</summary>
    public IReadOnlyDictionary<string, decimal> SavingByStage { get; init; } = new Dictionary<string, decimal>();

    /// <summary>How many calls a stage answered in the provider's place.</summary>
    public IReadOnlyDictionary<string, long> CallsServedByStage { get; init; } = new Dictionary<string, long>();
}
