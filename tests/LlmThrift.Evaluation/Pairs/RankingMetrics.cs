namespace LlmThrift.Evaluation.Pairs;

/// <summary>How well scores put positives before negatives. Equal scores are one threshold, as in scikit-learn.</summary>
/// <param name="AveragePrecision">Σ (recall − recall before) × precision over the thresholds, from the highest.</param>
/// <param name="Auc">The share of pairs of a positive and a negative whose positive has the higher score, ties counted half.</param>
/// <param name="RecallAtPrecision95">The greatest recall of a threshold whose precision is at least 0.95; 0 when there is none.</param>
/// <param name="RecallAtPrecision99">The same for 0.99.</param>
internal sealed record RankingMetrics(double AveragePrecision, double Auc, double RecallAtPrecision95, double RecallAtPrecision99)
{
    /// <param name="scores">The scores.</param>
    /// <param name="labels">True for a positive; both kinds must occur.</param>
    /// <exception cref="ArgumentException">There is no positive, or no negative, or the lengths differ.</exception>
    public static RankingMetrics Of(ReadOnlySpan<float> scores, ReadOnlySpan<bool> labels)
    {
        var positives = labels.Count(true);
        var negatives = labels.Length - positives;
        if (scores.Length != labels.Length || positives == 0 || negatives == 0)
        {
            throw new ArgumentException("There must be a label for each score, and positives and negatives among them.", nameof(labels));
        }

        var sorted = scores.ToArray();
        var sortedLabels = labels.ToArray();
        Array.Sort(sorted, sortedLabels);
        double averagePrecision = 0,
            area = 0,
            recall95 = 0,
            recall99 = 0;
        var found = 0;
        var wrong = 0;
        for (var i = sorted.Length - 1; i >= 0; )
        {
            var score = sorted[i];
            var (foundBefore, wrongBefore) = (found, wrong);
            for (; i >= 0 && sorted[i].Equals(score); i--)
            {
                found += sortedLabels[i] ? 1 : 0;
                wrong += sortedLabels[i] ? 0 : 1;
            }

            var precision = (double)found / (found + wrong);
            var recall = (double)found / positives;
            averagePrecision += precision * (found - foundBefore) / positives;
            area += (wrong - wrongBefore) * (foundBefore + found) / 2.0;
            recall95 = precision >= 0.95 ? recall : recall95;
            recall99 = precision >= 0.99 ? recall : recall99;
        }

        return new RankingMetrics(averagePrecision, area / positives / negatives, recall95, recall99);
    }
}
