namespace LlmThrift.Evaluation.Local;

/// <summary>Conversations whose prompts begin alike, one after another and at once.</summary>
/// <param name="Count">How many conversations.</param>
/// <param name="SharedTokens">Tokens that all prompts begin with.</param>
/// <param name="TimesBeginningEvaluated">How often these were evaluated when all came at once; the worst round.</param>
/// <param name="TokensPerSecondOneByOne">Tokens of answers a second, over the whole time, prompts included; the median round.</param>
/// <param name="TokensPerSecondAtOnce">The same of all at once.</param>
/// <param name="Ratio">Of the two in one round; the median.</param>
internal sealed record ConversationFigures(
    int Count,
    long SharedTokens,
    double TimesBeginningEvaluated,
    double TokensPerSecondOneByOne,
    double TokensPerSecondAtOnce,
    double Ratio
);
