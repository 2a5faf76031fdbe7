namespace LlmThrift.SemanticCache;

/// <summary>What the words of two questions, and the similarity of their vectors, say about whether they have the same answer. The same both ways.</summary>
internal static class LexicalFeatures
{
    public const int Count = 11;

    /// <param name="left">A question.</param>
    /// <param name="right">The other.</param>
    /// <param name="similarity">Cosine similarity of their vectors.</param>
    /// <param name="features">Takes <see cref="Count"/> values.</param>
    public static void Compute(QuestionText left, QuestionText right, float similarity, Span<float> features)
    {
        var (leftContent, leftShared) = CountContent(left, right);
        var (rightContent, rightShared) = CountContent(right, left);
        var content = leftContent + rightContent;
        var lacking = Math.Max(leftContent - leftShared, rightContent - rightShared);
        var longer = Math.Max(left.Words.Length, right.Words.Length);
        var difference = QuestionDifferences.Between(left, right);
        features[0] = similarity;
        features[1] = similarity * similarity * similarity * similarity;
        features[2] = content > 0 ? (float)(leftShared + rightShared) / content : 1;
        features[3] = MathF.Log(1 + lacking);
        features[4] = (float)Math.Abs(left.Words.Length - right.Words.Length) / Math.Max(longer, 1);
        features[5] = Has(QuestionDifference.Number | QuestionDifference.Unit | QuestionDifference.Date);
        features[6] = Has(QuestionDifference.Negation);
        features[7] = Has(QuestionDifference.Opposite | QuestionDifference.Direction);
        features[8] = Has(QuestionDifference.Name);
        features[9] = Has(QuestionDifference.QuestionType);
        features[10] = Has(QuestionDifference.Language);

        float Has(QuestionDifference kinds) => (difference & kinds) != QuestionDifference.None ? 1 : 0;
    }

    /// <summary>Counts a question's words that say what it is about, and those of them that the other has.</summary>
    private static (int Count, int Shared) CountContent(QuestionText text, QuestionText other)
    {
        var count = 0;
        var shared = 0;
        foreach (ref readonly var word in text.Words)
        {
            if (word.IsContent)
            {
                count++;
                shared += Contains(other, word.Stem) ? 1 : 0;
            }
        }

        return (count, shared);
    }

    private static bool Contains(QuestionText text, uint stem)
    {
        foreach (ref readonly var word in text.Words)
        {
            if (word.Stem == stem)
            {
                return true;
            }
        }

        return false;
    }
}
