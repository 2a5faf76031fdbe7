using Microsoft.Extensions.AI;

namespace LlmThrift.Routing;

/// <summary>The checks of answers that come with the package.</summary>
public static class AnswerChecks
{
    /// <summary>Rejects answers that say nothing, were cut by a limit or by a content filter. Free.</summary>
    public static IAnswerCheck Complete { get; } = new CompleteAnswerCheck();

    /// <summary>Rejects answers that decline to answer ("I'm sorry, but I can't …", in eight languages). Free.</summary>
    public static IAnswerCheck NotRefused { get; } = new RefusalCheck();

    /// <summary>
    /// Rejects answers that are not JSON, or do not meet the schema, where <see cref="ChatOptions.ResponseFormat"/> asks for it, and calls of tools whose arguments do not meet the tool's schema. Free.
    /// </summary>
    public static IAnswerCheck ValidJson { get; } = new JsonAnswerCheck();

    /// <summary>Rejects answers with a sum in them that is wrong, such as "3 × 4 = 14". Free.</summary>
    public static IAnswerCheck Arithmetic { get; } = new ArithmeticCheck();

    /// <summary>The four checks that need no model.</summary>
    /// <returns>A new list of them.</returns>
    public static IReadOnlyList<IAnswerCheck> WithoutModel() => [Complete, NotRefused, ValidJson, Arithmetic];

    /// <summary>
    /// Asks the same model again, at a temperature, and rejects an answer that too few of the samples agree with (Wang et al., "Self-Consistency Improves Chain of Thought Reasoning", 2023).
    /// Answers agree when their last number is the same, or their last line where they have none. It costs as many requests to the cheap model.
    /// </summary>
    /// <param name="samples">How many more answers. Default: 2. From 1 to 10.</param>
    /// <param name="agreement">The share of them that must agree. Default: 0.5. More than 0, at most 1.</param>
    /// <param name="temperature">Default: 0.7. More than 0.</param>
    /// <returns>The check. It says nothing of calls of tools.</returns>
    /// <exception cref="ArgumentOutOfRangeException">A value is out of its range.</exception>
    public static IAnswerCheck SelfConsistent(int samples = 2, double agreement = 0.5, float temperature = 0.7f)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(samples, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(samples, 10);
        if (!(agreement is > 0 and <= 1))
        {
            throw new ArgumentOutOfRangeException(nameof(agreement), agreement, "It must be more than 0 and at most 1.");
        }

        if (!(temperature > 0))
        {
            throw new ArgumentOutOfRangeException(nameof(temperature), temperature, "It must be more than 0.");
        }

        return new SelfConsistencyCheck(samples, agreement, temperature);
    }

    /// <summary>Asks a model whether the answer is right and complete.</summary>
    /// <param name="judge">The model's client: the bare one of its provider. One with a cost meter of its own keeps records of its own. It is not disposed.</param>
    /// <param name="modelId">The model; null for the client's default.</param>
    /// <returns>The check. Question and answer are sent as JSON strings and declared to be data; only the exact word YES or NO is taken for a verdict.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="judge"/> is null.</exception>
    public static IAnswerCheck Judged(IChatClient judge, string? modelId = null)
    {
        ArgumentNullException.ThrowIfNull(judge);
        return new JudgeCheck(judge, modelId);
    }

    /// <summary>Rejects answers of which the model itself was not sure, where its provider tells: a mean log-probability of the tokens.</summary>
    /// <param name="read">Reads it from the response, mostly from its raw representation; null where it is not told.</param>
    /// <param name="least">The least mean log-probability, such as -0.35. Below 0.</param>
    /// <returns>The check.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="read"/> is null.</exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="least"/> is not below 0.</exception>
    public static IAnswerCheck Confident(Func<ChatResponse, double?> read, double least)
    {
        ArgumentNullException.ThrowIfNull(read);
        if (!(least < 0))
        {
            throw new ArgumentOutOfRangeException(nameof(least), least, "A log-probability is below 0, such as -0.35.");
        }

        return new AppCheck(
            "confidence",
            answer =>
                read(answer.Response) is { } mean
                    ? mean >= least
                        ? AnswerVerdict.Accepted
                        : AnswerVerdict.Rejected
                    : AnswerVerdict.None
        );
    }

    /// <summary>A check of the app's own.</summary>
    /// <param name="name">Its name in records.</param>
    /// <param name="check">What it says.</param>
    /// <returns>The check.</returns>
    /// <exception cref="ArgumentException"><paramref name="name"/> is null or empty.</exception>
    /// <exception cref="ArgumentNullException"><paramref name="check"/> is null.</exception>
    public static IAnswerCheck From(string name, Func<AnswerToCheck, AnswerVerdict> check)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        ArgumentNullException.ThrowIfNull(check);
        return new AppCheck(name, check);
    }
}
