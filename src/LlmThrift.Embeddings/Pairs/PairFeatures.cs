namespace LlmThrift.Embeddings.Pairs;

/// <summary>What can be counted in two questions: the words that both have and those that one lacks, by how rare they are, their order, and how they are spelt.</summary>
internal static class PairFeatures
{
    public const int Count = WordCount + PairSpelling.FeatureCount;

    private const int WordCount = 31;

    /// <summary>The word that asks is among the first so many.</summary>
    private const int AskingWords = 3;

    /// <summary>Fills in the features of a pair.</summary>
    /// <param name="vocabulary">Tells what tokens are.</param>
    /// <param name="left">A question.</param>
    /// <param name="right">The other.</param>
    /// <param name="cosine">The similarity of their vectors.</param>
    /// <param name="features">Takes <see cref="Count"/> values.</param>
    public static void Compute(PairVocabulary vocabulary, PairQuestion left, PairQuestion right, float cosine, Span<float> features)
    {
        var a = left.Words;
        var b = right.Words;
        var (first, common) = CountWords(vocabulary, a, b);
        var (second, _) = CountWords(vocabulary, b, a);
        var words = common.Words + first.Words + second.Words;
        var rarity = common.Rarity + first.Rarity + second.Rarity;
        var fewer = common.Words + Math.Min(first.Words, second.Words);
        var shorter = Math.Min(a.Length, b.Length);
        var longer = Math.Max(a.Length, b.Length);
        var inOrder = InOrder(a, b);
        var isSameBag = first.Words + second.Words == 0;
        features[0] = cosine;
        features[1] = cosine * cosine;
        features[2] = features[1] * features[1];
        features[3] = words > 0 ? (float)common.Words / words : 1;
        features[4] = words > 0 ? common.Rarity / rarity : 1;
        features[5] = fewer > 0 ? (float)common.Words / fewer : 1;
        features[6] = SharedPairs(a, b);
        features[7] = (longer - shorter) / (longer + shorter + 1f);
        features[8] = MathF.Log(shorter + 1);
        features[9] = MathF.Log(longer + 1);
        features[10] = first.Numbers + second.Numbers > 0 ? 1 : 0;
        features[11] = features[10] > 0 && common.Numbers + first.Numbers > 0 && common.Numbers + second.Numbers > 0 ? 1 : 0;
        features[12] = left.IsNegated != right.IsNegated ? 1 : 0;
        features[13] = AreSame(a, b, 0, 1);
        features[14] = AreSame(a, b, 0, 2);
        features[15] = longer == 0 || (shorter > 0 && a[^1] == b[^1]) ? 1 : 0;
        features[16] = isSameBag ? 1 : 0;
        features[17] = inOrder / Math.Max(longer, 1f);
        features[18] = inOrder / Math.Max(shorter, 1f);
        features[19] = Math.Min(first.Rarest, second.Rarest) / 8;
        features[20] = Math.Max(first.Rarest, second.Rarest) / 8;
        features[21] = MathF.Log(1 + Math.Min(first.Rarity, second.Rarity));
        features[22] = MathF.Log(1 + Math.Max(first.Rarity, second.Rarity));
        features[23] = a.SequenceEqual(b) ? 1 : 0;
        var content = common.Content + first.Content + second.Content;
        var fewerContent = common.Content + Math.Min(first.Content, second.Content);
        features[24] = content > 0 ? (float)common.Content / content : 1;
        features[25] = fewerContent > 0 ? (float)common.Content / fewerContent : 1;
        features[26] = Math.Min(first.Content, second.Content);
        features[27] = Math.Max(first.Content, second.Content);
        features[28] = (first.Numbers + common.Numbers > 0) != (second.Numbers + common.Numbers > 0) ? 1 : 0;
        var leftAsks = AskingWord(vocabulary, a);
        var rightAsks = AskingWord(vocabulary, b);
        features[29] = leftAsks == rightAsks ? 1 : 0;
        features[30] = leftAsks != rightAsks && leftAsks != 0 && rightAsks != 0 ? 1 : 0;
        PairSpelling.Compare(left.Spelling, right.Spelling, features[WordCount..]);
    }

    /// <summary>The word that says what is asked: "how", "why", "can"; 0 when there is none.</summary>
    private static int AskingWord(PairVocabulary vocabulary, ReadOnlySpan<int> words)
    {
        foreach (var word in words[..Math.Min(words.Length, AskingWords)])
        {
            if (vocabulary.Is(word, TokenKinds.Asking))
            {
                return word;
            }
        }

        return 0;
    }

    private static float AreSame(ReadOnlySpan<int> left, ReadOnlySpan<int> right, int start, int count) =>
        left[Math.Min(start, left.Length)..Math.Min(start + count, left.Length)]
            .SequenceEqual(right[Math.Min(start, right.Length)..Math.Min(start + count, right.Length)])
            ? 1
            : 0;

    /// <summary>Counts the different words of a question, those that the other lacks and those that it has.</summary>
    private static (Tally Lacking, Tally Common) CountWords(PairVocabulary vocabulary, ReadOnlySpan<int> words, ReadOnlySpan<int> other)
    {
        Tally lacking = default;
        Tally common = default;
        for (var i = 0; i < words.Length; i++)
        {
            if (words[..i].Contains(words[i]))
            {
                continue;
            }

            ref var tally = ref other.Contains(words[i]) ? ref common : ref lacking;
            var rarity = vocabulary.RarityOf(words[i]);
            tally.Words++;
            tally.Rarity += rarity;
            tally.Rarest = Math.Max(tally.Rarest, rarity);
            tally.Content += vocabulary.Is(words[i], TokenKinds.Filler) ? 0 : 1;
            tally.Numbers += vocabulary.Is(words[i], TokenKinds.Number) ? 1 : 0;
        }

        return (lacking, common);
    }

    /// <summary>The share of neighbouring words that both have, among the different ones of both.</summary>
    private static float SharedPairs(ReadOnlySpan<int> left, ReadOnlySpan<int> right)
    {
        var (leftCount, common) = CountPairs(left, right);
        var (rightCount, _) = CountPairs(right, left);
        return common / (float)Math.Max(1, leftCount + rightCount - common);
    }

    private static (int Count, int Common) CountPairs(ReadOnlySpan<int> words, ReadOnlySpan<int> other)
    {
        var count = 0;
        var common = 0;
        for (var i = 1; i < words.Length; i++)
        {
            var pair = words.Slice(i - 1, 2);
            if (words[..i].IndexOf(pair) < 0)
            {
                count++;
                common += other.IndexOf(pair) >= 0 ? 1 : 0;
            }
        }

        return (count, common);
    }

    /// <summary>The length of the longest common subsequence.</summary>
    private static int InOrder(ReadOnlySpan<int> left, ReadOnlySpan<int> right)
    {
        Span<int> row = stackalloc int[PairLayout.MaxTokens + 1];
        row.Clear();
        foreach (var word in left)
        {
            var diagonal = 0;
            for (var j = 0; j < right.Length; j++)
            {
                var above = row[j + 1];
                row[j + 1] = word == right[j] ? diagonal + 1 : Math.Max(above, row[j]);
                diagonal = above;
            }
        }

        return row[right.Length];
    }

    private struct Tally
    {
        public int Words;
        public int Content;
        public int Numbers;
        public float Rarity;
        public float Rarest;
    }
}
