namespace LlmThrift.Routing;

/// <summary>How good two answers to the same question are.</summary>
/// <param name="WeakQuality">Of the weaker model's, from 0 to 1.</param>
/// <param name="StrongQuality">Of the stronger model's.</param>
public readonly record struct AnswerJudgement(double WeakQuality, double StrongQuality)
{
    /// <summary>Whether the weaker model's answer is no worse.</summary>
    public bool IsAcceptable => WeakQuality >= StrongQuality;
}
