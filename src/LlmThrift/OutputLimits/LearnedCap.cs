namespace LlmThrift.OutputLimits;

/// <summary>What has been learned about the length of one feature's answers by one model, at one moment.</summary>
public sealed record LearnedCap
{
    /// <summary>The feature; null for calls without one.</summary>
    public string? Feature { get; init; }

    /// <summary>The model that was asked for; null when none is known.</summary>
    public string? Model { get; init; }

    /// <summary>How many answers have been learned from, each counted for less as it ages.</summary>
    public double Samples { get; init; }

    /// <summary>The cap, in tokens; null while there are too few samples.</summary>
    public int? Cap { get; init; }

    /// <summary>The factor between the quantile and the cap: the margin of the options, more where too many answers were cut.</summary>
    public double Margin { get; init; }

    /// <summary>Answers for which the learned cap was the lowest limit, since the start.</summary>
    public long AnswersCapped { get; init; }

    /// <summary>Answers that the learned cap cut, since the start; those that were continued or asked for again are among them.</summary>
    public long AnswersCut { get; init; }

    /// <summary>The share of cut answers among those capped, from 0 to 1, each counted for less as it ages.</summary>
    public double ShareCut { get; init; }
}
