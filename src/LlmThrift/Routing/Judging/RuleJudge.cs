namespace LlmThrift.Routing;

/// <summary>Judges by a function.</summary>
internal sealed class RuleJudge(Func<AnswersToJudge, AnswerJudgement?> judge) : IAnswerJudge
{
    public ValueTask<AnswerJudgement?> JudgeAsync(AnswersToJudge answers, CancellationToken cancellationToken) => new(judge(answers));
}
