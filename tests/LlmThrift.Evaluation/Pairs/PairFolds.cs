namespace LlmThrift.Evaluation.Pairs;

/// <summary>Deals pairs out to folds, for cross-validation.</summary>
internal static class PairFolds
{
    /// <summary>Of the folds that weights are fitted to and measured on.</summary>
    public const int Seed = 0;

    /// <summary>Deals pairs out so that what <paramref name="by"/> says stays together does.</summary>
    /// <returns>The fold of each pair, from 0.</returns>
    public static int[] Deal(IReadOnlyList<LabelledPair> pairs, int folds, int seed, FoldBy by = FoldBy.Question) =>
        by == FoldBy.Question ? Deal(KeysByQuestion(pairs), folds, seed) : Deal([.. pairs.Select(KeyOf)], folds, seed);

    /// <summary>The same fold for the same key.</summary>
    private static int[] Deal<TKey>(TKey[] keys, int folds, int seed)
        where TKey : notnull
    {
        var random = new Random(seed);
        var foldOf = new Dictionary<TKey, int>();
        return Array.ConvertAll(keys, key => foldOf.TryGetValue(key, out var fold) ? fold : foldOf[key] = random.Next(folds));
    }

    private static (string, string) KeyOf(LabelledPair pair) =>
        string.CompareOrdinal(pair.First, pair.Second) <= 0 ? (pair.First, pair.Second) : (pair.Second, pair.First);

    private static int[] KeysByQuestion(IReadOnlyList<LabelledPair> pairs)
    {
        var places = new Dictionary<string, int>(StringComparer.Ordinal);
        var parents = new List<int>();
        foreach (var pair in pairs)
        {
            parents[Root(PlaceOf(pair.First))] = Root(PlaceOf(pair.Second));
        }

        return [.. pairs.Select(pair => Root(PlaceOf(pair.First)))];

        int PlaceOf(string text)
        {
            if (!places.TryGetValue(text, out var place))
            {
                places[text] = place = parents.Count;
                parents.Add(place);
            }

            return place;
        }

        int Root(int place)
        {
            while (parents[place] != place)
            {
                parents[place] = parents[parents[place]];
                place = parents[place];
            }

            return place;
        }
    }
}
