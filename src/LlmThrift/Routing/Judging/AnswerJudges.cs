using LlmThrift.Internal;
using Microsoft.Extensions.AI;

namespace LlmThrift.Routing;

/// <summary>The judges that come with the package.</summary>
public static class AnswerJudges
{
    /// <summary>
    /// The stronger model's answer counts as right, and the weaker one's as right when it is the same but for upper and lower case and white space. Free; for labels and extracted fields.
    /// </summary>
    public static IAnswerJudge Exact { get; } =
        new RuleJudge(answers =>
            AnswerText.AreEqual(answers.WeakAnswer, answers.StrongAnswer) ? new AnswerJudgement(1, 1) : new AnswerJudgement(0, 1)
        );

    /// <summary>As <see cref="Exact"/>, by what the answers come to: their last number, or their last line where they have none. Free; for sums and choices.</summary>
    public static IAnswerJudge SameConclusion { get; } =
        new RuleJudge(answers =>
            FinalAnswer.Of(answers.StrongAnswer) is { Length: > 0 } right
                ? FinalAnswer.Of(answers.WeakAnswer) == right
                    ? new AnswerJudgement(1, 1)
                    : new AnswerJudgement(0, 1)
                : null
        );

    /// <summary>
    /// Asks a model which of the answers would do, twice, with their places changed, as models prefer a place (Zheng et al., "Judging LLM-as-a-Judge", 2023). An answer that
    /// would do in one place only counts half.
    /// </summary>
    /// <param name="judge">The model's client: the bare one of its provider. It is not disposed.</param>
    /// <param name="modelId">The model; null for the client's default.</param>
    /// <param name="criteria">What an answer must do in this app, such as "It must name the article of the law."; null for right, complete, and what was asked for.</param>
    /// <returns>The judge. Question and answers are sent as JSON strings and declared to be data. Equal answers are not sent.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="judge"/> is null.</exception>
    public static IAnswerJudge ByModel(IChatClient judge, string? modelId = null, string? criteria = null)
    {
        ArgumentNullException.ThrowIfNull(judge);
        return new ModelJudge(judge, modelId, criteria);
    }

    /// <summary>A judge of the app's own.</summary>
    /// <param name="judge">What it says; null where it cannot tell.</param>
    /// <returns>The judge.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="judge"/> is null.</exception>
    public static IAnswerJudge From(Func<AnswersToJudge, AnswerJudgement?> judge)
    {
        ArgumentNullException.ThrowIfNull(judge);
        return new RuleJudge(judge);
    }
}
