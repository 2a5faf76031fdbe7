namespace LlmThrift.SemanticCache;

/// <summary>What the neighbours of a question say about the answer that most of them have, as numbers for <see cref="ServingModel"/>.</summary>
internal static class ServingFeatures
{
    public const int Count = 17;

    /// <summary>The last features are the <see cref="LateFeatures"/>, in their order.</summary>
    public const int OwnScore = 14;

    public const int OtherScore = 15;

    public const int CleanShare = 16;

    private const float LeastScore = 0.005f;

    /// <summary>How fast a neighbour's vote falls with its similarity.</summary>
    private const float VoteScale = 0.05f;

    private const float MassScale = 0.15f;

    /// <summary>Finds the group with the most votes; each neighbour's vote falls exponentially with the distance from the nearest.</summary>
    /// <param name="candidates">The neighbours by falling similarity; at least one.</param>
    /// <param name="features">Filled: <see cref="Count"/> numbers, all but the last, which needs the words of the questions.</param>
    /// <param name="other">The position of the nearest neighbour of another group; -1 when there is none.</param>
    /// <returns>The position of the nearest neighbour of that group.</returns>
    public static int Compute(ReadOnlySpan<Candidate> candidates, Span<float> features, out int other)
    {
        Span<float> votes = stackalloc float[candidates.Length];
        var nearest = candidates[0].Similarity;
        var total = 0f;
        for (var i = 0; i < candidates.Length; i++)
        {
            votes[i] = MathF.Exp((candidates[i].Similarity - nearest) / VoteScale);
            total += votes[i];
        }

        var best = 0;
        var bestVotes = 0f;
        for (var i = 0; i < candidates.Length; i++)
        {
            var sum = 0f;
            for (var j = 0; j < candidates.Length; j++)
            {
                sum += candidates[j].Entry.Group == candidates[i].Entry.Group ? votes[j] : 0;
            }

            // Strictly more: the first of a group is its nearest.
            if (sum > bestVotes * 1.000001f)
            {
                (best, bestVotes) = (i, sum);
            }
        }

        Describe(candidates, votes, best, bestVotes, total, features, out other);
        return best;
    }

    /// <summary>The least and the greatest value of a late feature.</summary>
    public static (float Least, float Greatest) RangeOf(int lateFeature) =>
        lateFeature == CleanShare ? (0, 1) : (LogOdds(LeastScore), LogOdds(1 - LeastScore));

    private static void Describe(
        ReadOnlySpan<Candidate> candidates,
        ReadOnlySpan<float> votes,
        int best,
        float bestVotes,
        float totalVotes,
        Span<float> features,
        out int other
    )
    {
        var group = candidates[best].Entry.Group;
        var members = 0;
        other = -1;
        float mass = 0,
            otherMass = 0,
            reliability = 0,
            ownReliability = 0,
            sum = 0,
            sumOfFive = 0;
        for (var i = 0; i < candidates.Length; i++)
        {
            ref readonly var candidate = ref candidates[i];
            var weight = MathF.Exp((candidate.Similarity - 1) / MassScale);
            var reliable = votes[i] * candidate.Entry.Reliability;
            reliability += reliable;
            sum += candidate.Similarity;
            sumOfFive += i < 5 ? candidate.Similarity : 0;
            if (candidate.Entry.Group == group)
            {
                members++;
                mass += weight;
                ownReliability += reliable;
            }
            else
            {
                other = other < 0 ? i : other;
                otherMass += weight;
            }
        }

        var share = bestVotes / totalVotes;
        var top = candidates[best].Similarity;
        features[0] = share;
        features[1] = MathF.Log(1.01f - share);
        features[2] = top;
        features[3] = top * top;
        features[4] = top - candidates[other < 0 ? ^1 : other].Similarity;
        features[5] = best == 0 ? 1 : 0;
        features[6] = MathF.Log(mass + 0.01f);
        features[7] = MathF.Log(otherMass + 0.01f);
        features[8] = reliability / totalVotes;
        features[9] = ownReliability / bestVotes;
        features[10] = sumOfFive / Math.Min(5, candidates.Length);
        features[11] = sum / candidates.Length;
        features[12] = MathF.Log(members);
        features[13] = MathF.Log(candidates.Length);
        features[OwnScore] = LogOdds(candidates[best].Score);
        features[OtherScore] = other < 0 ? LogOdds(0) : LogOdds(candidates[other].Score);
    }

    /// <summary>A score as a feature.</summary>
    public static float LogOdds(float score)
    {
        // Not scored is taken for even odds.
        var probability = float.IsNaN(score) ? 0.5f : Math.Clamp(score, LeastScore, 1 - LeastScore);
        return MathF.Log(probability / (1 - probability));
    }
}
