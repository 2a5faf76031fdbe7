namespace LlmThrift.SemanticCache;

/// <summary>What the words of two questions, and the similarity of their vectors, say about whether they have the same answer. The same both ways.</summary>
/// <remarks>
/// The share of words in common is left out: beside the similarity it would count against a pair, and by how much depends on the generator.
/// </remarks>
internal static class LexicalFeatures
{
    public const int Count = 9;

    /// <param name="left">A question.</param>
    /// <param name="right">The other.</param>
    /// <param name="similarity">Cosine similarity of their vectors.</param>
    /// <param name="features">Takes <see cref="Count"/> values.</param>
    public static void Compute(QuestionText left, QuestionText right, float similarity, Span<float> features)
    {
        var longer = Math.Max(left.Words.Length, right.Words.Length);
        var difference = QuestionDifferences.Between(left, right);
        features[0] = similarity;
        features[1] = similarity * similarity * similarity * similarity;
        features[2] = (float)Math.Abs(left.Words.Length - right.Words.Length) / Math.Max(longer, 1);
        features[3] = Has(QuestionDifference.Number | QuestionDifference.Unit | QuestionDifference.Date);
        features[4] = Has(QuestionDifference.Negation);
        features[5] = Has(QuestionDifference.Opposite | QuestionDifference.Direction);
        features[6] = Has(QuestionDifference.Name);
        features[7] = Has(QuestionDifference.QuestionType);
        features[8] = Has(QuestionDifference.Language);

        float Has(QuestionDifference kinds) => (difference & kinds) != QuestionDifference.None ? 1 : 0;
    }
}
