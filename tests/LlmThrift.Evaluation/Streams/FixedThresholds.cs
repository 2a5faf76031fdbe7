using LlmThrift.Vectors;

namespace LlmThrift.Evaluation.Streams;

/// <summary>
/// What a cache with a fixed cosine threshold would have done on the same stream: serve the nearest question kept when it is near enough, else
/// call the model and keep the question. All thresholds are replayed at once: a bit of each question's mask says under which it was kept.
/// </summary>
internal static class FixedThresholds
{
    private const int Thresholds = 64;

    /// <summary>The threshold with the most hits among those whose share of false ones is within the limit.</summary>
    public static (double Threshold, int Hits, int FalseHits) FindBest(
        float[][] vectors,
        int[] answers,
        double maxErrorRate,
        Action<double> progress
    )
    {
        var coarse = Replay(vectors, answers, 0.5, 1.0, progress);
        var best = BestOf(coarse, maxErrorRate);
        var fine = Replay(vectors, answers, best.Threshold - (0.5 / (Thresholds - 1)), best.Threshold + (0.5 / (Thresholds - 1)), progress);
        var finest = BestOf(fine, maxErrorRate);
        return finest.Hits > best.Hits ? finest : best;
    }

    private static (double Threshold, int Hits, int FalseHits) BestOf(
        (double Threshold, int Hits, int FalseHits)[] results,
        double maxErrorRate
    )
    {
        var best = results[^1] with { Hits = 0, FalseHits = 0 };
        foreach (var result in results)
        {
            best = result.Hits > best.Hits && result.FalseHits <= maxErrorRate * result.Hits ? result : best;
        }

        return best;
    }

    private static (double Threshold, int Hits, int FalseHits)[] Replay(
        float[][] vectors,
        int[] answers,
        double from,
        double to,
        Action<double> progress
    )
    {
        var thresholds = new double[Thresholds];
        for (var i = 0; i < Thresholds; i++)
        {
            thresholds[i] = from + ((to - from) * i / (Thresholds - 1));
        }

        var hits = new int[Thresholds];
        var falseHits = new int[Thresholds];
        var keptUnder = new ulong[vectors.Length];
        var near = new List<(float Similarity, int Question)>();
        var lowest = (float)thresholds[0];
        for (var question = 0; question < vectors.Length; question++)
        {
            near.Clear();
            var gate = new Lock();
            Parallel.For(
                0,
                (question + 1023) / 1024,
                block =>
                {
                    for (var other = block * 1024; other < Math.Min(question, (block + 1) * 1024); other++)
                    {
                        var similarity = Dot(vectors[question], vectors[other]);
                        if (similarity >= lowest)
                        {
                            lock (gate)
                            {
                                near.Add((similarity, other));
                            }
                        }
                    }
                }
            );
            near.Sort(
                static (a, b) => a.Similarity == b.Similarity ? a.Question.CompareTo(b.Question) : b.Similarity.CompareTo(a.Similarity)
            );

            // Under each threshold, the first question of this list that was kept is the nearest.
            var open = ulong.MaxValue;
            foreach (var (similarity, other) in near)
            {
                var found = keptUnder[other] & open;
                for (var bits = found; bits != 0; bits &= bits - 1)
                {
                    var threshold = System.Numerics.BitOperations.TrailingZeroCount(bits);
                    if (similarity >= thresholds[threshold])
                    {
                        hits[threshold]++;
                        falseHits[threshold] += answers[other] == answers[question] ? 0 : 1;
                    }
                    else
                    {
                        keptUnder[question] |= 1UL << threshold;
                    }
                }

                open &= ~found;
                if (open == 0)
                {
                    break;
                }
            }

            keptUnder[question] |= open;
            if (question % 500 == 0)
            {
                progress((double)question / vectors.Length);
            }
        }

        return [.. thresholds.Select((threshold, i) => (threshold, hits[i], falseHits[i]))];
    }

    private static float Dot(float[] a, float[] b) => UnitVectors.Dot(a, b);
}
