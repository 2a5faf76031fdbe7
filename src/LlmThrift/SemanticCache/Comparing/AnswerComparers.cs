using Microsoft.Extensions.AI;

namespace LlmThrift.SemanticCache;

/// <summary>The comparers that come with the package.</summary>
public static class AnswerComparers
{
    /// <summary>Answers are the same when their texts are, but for upper and lower case and white space. Free, and right for models that answer from a fixed set.</summary>
    public static IAnswerComparer Exact { get; } = new ExactAnswerComparer();

    /// <summary>
    /// Answers are the same when the cosine similarity of their embeddings, by the cache's own generator, is at least
    /// <paramref name="threshold"/> and both hold the same numbers. Equal texts need no embedding. The default.
    /// </summary>
    /// <param name="threshold">From 0 to 1. Default: 0.9.</param>
    /// <returns>The comparer. Outside of a semantic cache it knows equal texts only.</returns>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="threshold"/> is below 0, above 1, or no number.</exception>
    public static IAnswerComparer ByEmbedding(double threshold = 0.9)
    {
        if (!(threshold is >= 0 and <= 1))
        {
            throw new ArgumentOutOfRangeException(nameof(threshold), threshold, "It must be between 0 and 1.");
        }

        return new EmbeddingAnswerComparer(threshold);
    }

    /// <summary>
    /// Asks a model whether the cached answer answers the question too. Its cost is added up under the stage <c>semantic_cache</c>, with the tags of the
    /// call. Equal texts are not sent.
    /// </summary>
    /// <param name="judge">The model's client: the bare one of its provider. One with a cost meter of its own keeps records of its own.</param>
    /// <param name="modelId">The model; null for the client's default.</param>
    /// <returns>The comparer. It does not dispose <paramref name="judge"/>.</returns>
    /// <remarks>
    /// Questions and answers are sent as JSON strings and declared to be data; only the exact word SAME or DIFFERENT is taken for a verdict.
    /// </remarks>
    /// <exception cref="ArgumentNullException"><paramref name="judge"/> is null.</exception>
    public static IAnswerComparer ByJudge(IChatClient judge, string? modelId = null)
    {
        ArgumentNullException.ThrowIfNull(judge);
        return new JudgeAnswerComparer(judge, modelId);
    }
}
