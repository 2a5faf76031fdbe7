namespace LlmThrift.Routing;

/// <summary>Judges the answers of two models to the same question. Called at the same time for several questions.</summary>
public interface IAnswerJudge
{
    /// <summary>Judges.</summary>
    /// <param name="answers">The question and both answers.</param>
    /// <param name="cancellationToken">Cancelled when nobody waits any more.</param>
    /// <returns>How good they are; null where that cannot be told.</returns>
    ValueTask<AnswerJudgement?> JudgeAsync(AnswersToJudge answers, CancellationToken cancellationToken);
}
