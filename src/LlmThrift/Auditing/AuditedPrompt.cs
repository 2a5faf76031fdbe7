using LlmThrift.Routing;

namespace LlmThrift.Auditing;

/// <summary>A request with the answers of both tiers, and what they were judged to be worth.</summary>
public sealed record AuditedPrompt
{
    /// <summary>The request.</summary>
    public required AuditPrompt Prompt { get; init; }

    /// <summary>What kind of work it asks for.</summary>
    public required TaskType Task { get; init; }

    /// <summary>The cheaper tier's answer.</summary>
    public required string WeakAnswer { get; init; }

    /// <summary>The dearer tier's answer.</summary>
    public required string StrongAnswer { get; init; }

    /// <summary>What they are worth.</summary>
    public required AnswerJudgement Judgement { get; init; }

    /// <summary>Whether a person said so rather than a judge.</summary>
    public bool IsByPerson { get; init; }

    /// <summary>What the cheaper tier's answer cost, in USD; null when no price is known.</summary>
    public decimal? WeakCost { get; init; }

    /// <summary>What the dearer tier's answer cost, in USD; null when no price is known.</summary>
    public decimal? StrongCost { get; init; }

    /// <summary>Whether the cheaper tier's answer is no worse.</summary>
    public bool IsAcceptable => Judgement.IsAcceptable;
}
