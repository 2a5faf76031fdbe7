namespace LlmThrift.Embeddings.Pairs;

/// <summary>How much of each question has no like in the other: of its tokens, weighted by how rare they are.</summary>
internal static class AlignmentFeatures
{
    public const int Count = 7;

    /// <param name="vocabulary">Tells how rare tokens are.</param>
    /// <param name="left">Tokens of a question.</param>
    /// <param name="right">Tokens of the other.</param>
    /// <param name="likeness">The likeness of each token of the one to each of the other, <see cref="PairLayout.MaxTokens"/> a row.</param>
    /// <param name="features">Takes <see cref="Count"/> values, scaled to be about as large as other inputs.</param>
    public static void Compute(
        PairVocabulary vocabulary,
        ReadOnlySpan<int> left,
        ReadOnlySpan<int> right,
        ReadOnlySpan<float> likeness,
        Span<float> features
    )
    {
        var first = Measure(vocabulary, left, right.Length, likeness, rowStep: PairLayout.MaxTokens, columnStep: 1);
        var second = Measure(vocabulary, right, left.Length, likeness, rowStep: 1, columnStep: PairLayout.MaxTokens);
        features[0] = (5 * Math.Min(first.Covered, second.Covered)) - 4;
        features[1] = (5 * Math.Max(first.Covered, second.Covered)) - 4;
        features[2] = (0.5f * Math.Min(first.Largest, second.Largest)) - 1;
        features[3] = (0.5f * Math.Max(first.Largest, second.Largest)) - 1;
        features[4] = MathF.Log(1 + first.Sum + second.Sum) - 1.5f;
        features[5] = MathF.Log(1 + Math.Max(first.Sum, second.Sum)) - 1.5f;
        features[6] = MathF.Log(1 + Math.Min(first.Sum, second.Sum)) - 1.5f;
    }

    private static Missing Measure(
        PairVocabulary vocabulary,
        ReadOnlySpan<int> tokens,
        int others,
        ReadOnlySpan<float> likeness,
        int rowStep,
        int columnStep
    )
    {
        float total = 0,
            sum = 0,
            largest = 0;
        for (var i = 0; i < tokens.Length; i++)
        {
            var best = 0f;
            for (var j = 0; j < others; j++)
            {
                best = float.MaxNative(best, likeness[(i * rowStep) + (j * columnStep)]);
            }

            var rarity = vocabulary.RarityOf(tokens[i]);
            var missing = (1 - best) * rarity;
            total += rarity;
            sum += missing;
            largest = Math.Max(largest, missing);
        }

        return new Missing(total > 0 ? 1 - (sum / total) : 1, sum, largest);
    }

    private readonly record struct Missing(float Covered, float Sum, float Largest);
}
