namespace LlmThrift.SemanticCache;

/// <summary>A question, and one that was answered before.</summary>
public readonly ref struct QuestionPair
{
    /// <summary>Makes a pair.</summary>
    /// <param name="question">The question asked.</param>
    /// <param name="cachedQuestion">The question answered before.</param>
    /// <param name="vector">The embedding of <paramref name="question"/>, of length one.</param>
    /// <param name="cachedVector">The embedding of <paramref name="cachedQuestion"/>, of length one and of the same dimensions.</param>
    /// <param name="similarity">Their cosine similarity.</param>
    /// <exception cref="ArgumentNullException">A question is null.</exception>
    public QuestionPair(
        string question,
        string cachedQuestion,
        ReadOnlySpan<float> vector,
        ReadOnlySpan<float> cachedVector,
        float similarity
    )
    {
        ArgumentNullException.ThrowIfNull(question);
        ArgumentNullException.ThrowIfNull(cachedQuestion);
        Question = question;
        CachedQuestion = cachedQuestion;
        Vector = vector;
        CachedVector = cachedVector;
        Similarity = similarity;
    }

    /// <summary>The question asked.</summary>
    public string Question { get; }

    /// <summary>The question answered before.</summary>
    public string CachedQuestion { get; }

    /// <summary>The embedding of <see cref="Question"/>, of length one.</summary>
    public ReadOnlySpan<float> Vector { get; }

    /// <summary>The embedding of <see cref="CachedQuestion"/>, of length one and of the same dimensions.</summary>
    public ReadOnlySpan<float> CachedVector { get; }

    /// <summary>Cosine similarity of the two embeddings, from -1 to 1.</summary>
    public float Similarity { get; }
}
