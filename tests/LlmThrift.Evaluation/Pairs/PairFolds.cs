namespace LlmThrift.Evaluation.Pairs;

/// <summary>Deals pairs out to folds, for cross-validation.</summary>
internal static class PairFolds
{
    /// <summary>Of the folds that weights are fitted to and measured on.</summary>
    public const int Seed = 0;

    /// <summary>Deals pairs out so that what <paramref name="by"/> says stays together does.</summary>
    /// <returns>The fold of each pair, from 0.</returns>
    public static int[] Deal(IReadOnlyList<LabelledPair> pairs, int folds, int seed, FoldBy by = FoldBy.Question) =>
        by == FoldBy.Question ? DealByQuestion(pairs, folds, seed) : DealByPair(pairs, folds, seed);

    private static int[] DealByPair(IReadOnlyList<LabelledPair> pairs, int folds, int seed)
    {
        var random = new Random(seed);
        var foldOf = new Dictionary<(string, string), int>();
        var result = new int[pairs.Count];
        for (var i = 0; i < result.Length; i++)
        {
            var (first, second) = (pairs[i].First, pairs[i].Second);
            var key = string.CompareOrdinal(first, second) <= 0 ? (first, second) : (second, first);
            if (!foldOf.TryGetValue(key, out var fold))
            {
                foldOf[key] = fold = random.Next(folds);
            }

            result[i] = fold;
        }

        return result;
    }

    private static int[] DealByQuestion(IReadOnlyList<LabelledPair> pairs, int folds, int seed)
    {
        var places = new Dictionary<string, int>(StringComparer.Ordinal);
        var parents = new List<int>();
        foreach (var pair in pairs)
        {
            parents[Root(PlaceOf(pair.First))] = Root(PlaceOf(pair.Second));
        }

        var random = new Random(seed);
        var foldOf = new Dictionary<int, int>();
        var result = new int[pairs.Count];
        for (var i = 0; i < result.Length; i++)
        {
            var root = Root(PlaceOf(pairs[i].First));
            if (!foldOf.TryGetValue(root, out var fold))
            {
                foldOf[root] = fold = random.Next(folds);
            }

            result[i] = fold;
        }

        return result;

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
