namespace LlmThrift.Evaluation.Pairs;

/// <summary>Deals pairs out to folds so that no question is in two: pairs that share a question, even by way of others, stay together.</summary>
internal static class PairFolds
{
    /// <summary>Of the folds that weights are fitted to and measured on.</summary>
    public const int Seed = 0;

    /// <returns>The fold of each pair, from 0.</returns>
    public static int[] Deal(IReadOnlyList<LabelledPair> pairs, int folds, int seed)
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
