using LlmThrift.SemanticCache;
using LlmThrift.Vectors;

namespace LlmThrift.Evaluation.Streams;

/// <summary>
/// Fits the weights that every semantic cache begins with. Streams of questions are replayed against neighbours found exactly; what each
/// decision saw and whether the answer would have been right is gathered, served or not, and a logistic regression is fitted to it. In turns:
/// which questions are kept depends on the weights, and the weights on what is kept.
/// </summary>
internal sealed class ServingFit(IQuestionPairScorer? scorer)
{
    private const int Neighbors = SemanticCacheState.MaxCandidates;

    private const int Passes = 4;

    /// <summary>By so many log-odds more, beyond even odds of an error, an outcome counts e times less.</summary>
    private const double WidthOfInterest = 0.5;

    public readonly record struct Outcome(float[] Features, bool IsError);

    public readonly record struct Replayed(int Requests, int Hits, int FalseHits, List<Outcome> Outcomes);

    public Replayed Replay(
        IntentFile stream,
        IReadOnlyDictionary<string, float[]> vectors,
        ServingModel model,
        double maxErrorRate,
        bool serves
    )
    {
        var policy = new ServingPolicy(maxErrorRate, seed: 1, model);
        var scope = new SemanticScope("", 1);
        var groups = new Dictionary<int, AnswerGroup>();
        var kept = new List<SemanticEntry>();
        var similarities = new float[stream.Texts.Length];
        var outcomes = new List<Outcome>();
        int hits = 0,
            falseHits = 0;
        var nearest = new int[Neighbors];
        var candidates = new Candidate[Neighbors];
        for (var question = 0; question < stream.Texts.Length; question++)
        {
            var text = stream.Texts[question];
            var vector = vectors[text];
            var answer = stream.Answers[question];
            var count = FindNearest(kept, vector, similarities, nearest);
            for (var i = 0; i < count; i++)
            {
                candidates[i] = new Candidate(kept[nearest[i]], similarities[nearest[i]], float.NaN);
            }

            var asked = new AskedQuestion(text, vector, scorer);
            var decision = policy.Decide(candidates.AsSpan(0, count), asked);
            bool? wasRight = decision.Entry is { } best ? stream.Answers[best.Id] == answer : null;
            if (wasRight is { } right && !float.IsNaN(decision.Trace.LogOdds))
            {
                var features = new float[ServingFeatures.Count];
                asked.ScoreAll(candidates.AsSpan(0, count));
                var chosen = ServingFeatures.Compute(candidates.AsSpan(0, count), features, out _);
                features[ServingFeatures.OwnScore] = ServingFeatures.LogOdds(asked.Verify(candidates, chosen));
                var members = candidates
                    .AsSpan(0, count)
                    .ToArray()
                    .Where(c => c.Entry.Group == candidates[chosen].Entry.Group)
                    .Select(c => c.Entry.Text)
                    .ToArray();
                QuestionGuards.Forbid(QuestionText.Parse(text), members, out features[^1]);
                outcomes.Add(new Outcome(features, !right));
            }

            if (serves && decision.Choice == ServingChoice.Serve)
            {
                hits++;
                falseHits += wasRight == true ? 0 : 1;
                continue;
            }

            if (!groups.TryGetValue(answer, out var group))
            {
                groups[answer] = group = new AnswerGroup("", null!);
            }

            var added = new SemanticEntry(question, scope, text, vector, group) { CreatedAt = default, ExpiresAt = default };
            policy.Learn(decision.Trace, decision.Choice, wasRight, [], added);
            kept.Add(added);
        }

        return new Replayed(stream.Texts.Length, hits, falseHits, outcomes);
    }

    /// <summary>
    /// Fits a model. Most outcomes are of questions that are far from being served; once a first fit tells which these are, they count for little, so that
    /// the model is right where it matters.
    /// </summary>
    public static ServingModel Fit(IReadOnlyList<Outcome> outcomes, double ridge, out double intercept, out double[] weights)
    {
        var counts = Enumerable.Repeat(1.0, outcomes.Count).ToArray();
        var model = Fit(outcomes, counts, ridge, out intercept, out weights);
        for (var pass = 0; pass < Passes; pass++)
        {
            for (var row = 0; row < counts.Length; row++)
            {
                counts[row] = ErrorCalibrator.Sigmoid(-model.LogOddsOfError(outcomes[row].Features) / WidthOfInterest);
            }

            model = Fit(outcomes, counts, ridge, out intercept, out weights);
        }

        return model;
    }

    /// <summary>Newton's method for logistic regression with a small ridge; returns the intercept and the weights.</summary>
    private static ServingModel Fit(
        IReadOnlyList<Outcome> outcomes,
        double[] counts,
        double ridge,
        out double intercept,
        out double[] weights
    )
    {
        var size = ServingFeatures.Count + 1;
        var mean = new double[size];
        var deviation = new double[size];
        var total = counts.Sum();
        for (var row = 0; row < outcomes.Count; row++)
        {
            for (var i = 0; i < size - 1; i++)
            {
                mean[i] += counts[row] * outcomes[row].Features[i] / total;
            }
        }

        for (var row = 0; row < outcomes.Count; row++)
        {
            for (var i = 0; i < size - 1; i++)
            {
                deviation[i] += counts[row] * Math.Pow(outcomes[row].Features[i] - mean[i], 2) / total;
            }
        }

        var scaled = new double[outcomes.Count][];
        for (var row = 0; row < outcomes.Count; row++)
        {
            scaled[row] = new double[size];
            for (var i = 0; i < size - 1; i++)
            {
                scaled[row][i] = (outcomes[row].Features[i] - mean[i]) / Math.Sqrt(deviation[i] + 1e-9);
            }

            scaled[row][size - 1] = 1;
        }

        var solution = new double[size];
        for (var step = 0; step < 25; step++)
        {
            var gradient = new double[size];
            var curvature = new double[size, size];
            for (var i = 0; i < size - 1; i++)
            {
                gradient[i] = ridge * solution[i];
                curvature[i, i] = ridge;
            }

            curvature[size - 1, size - 1] = 1e-6;
            for (var row = 0; row < scaled.Length; row++)
            {
                double sum = 0;
                var x = scaled[row];
                for (var i = 0; i < size; i++)
                {
                    sum += solution[i] * x[i];
                }

                var p = ErrorCalibrator.Sigmoid(sum);
                var error = counts[row] * (p - (outcomes[row].IsError ? 1 : 0));
                var information = counts[row] * p * (1 - p);
                for (var i = 0; i < size; i++)
                {
                    gradient[i] += error * x[i];
                    for (var j = 0; j <= i; j++)
                    {
                        curvature[i, j] += information * x[i] * x[j];
                    }
                }
            }

            Solve(curvature, gradient);
            for (var i = 0; i < size; i++)
            {
                solution[i] -= gradient[i];
            }
        }

        intercept = solution[size - 1];
        weights = new double[size - 1];
        for (var i = 0; i < size - 1; i++)
        {
            weights[i] = solution[i] / Math.Sqrt(deviation[i] + 1e-9);
            intercept -= weights[i] * mean[i];
        }

        return new ServingModel((float)intercept, [.. weights.Select(w => (float)w)]);
    }

    /// <summary>Gaussian elimination of a symmetric system given by its lower half; the solution replaces the right side.</summary>
    private static void Solve(double[,] matrix, double[] right)
    {
        var n = right.Length;
        for (var i = 0; i < n; i++)
        {
            for (var j = i + 1; j < n; j++)
            {
                matrix[i, j] = matrix[j, i];
            }
        }

        for (var pivot = 0; pivot < n; pivot++)
        {
            for (var row = pivot + 1; row < n; row++)
            {
                var factor = matrix[row, pivot] / matrix[pivot, pivot];
                for (var column = pivot; column < n; column++)
                {
                    matrix[row, column] -= factor * matrix[pivot, column];
                }

                right[row] -= factor * right[pivot];
            }
        }

        for (var row = n - 1; row >= 0; row--)
        {
            for (var column = row + 1; column < n; column++)
            {
                right[row] -= matrix[row, column] * right[column];
            }

            right[row] /= matrix[row, row];
        }
    }

    private static int FindNearest(List<SemanticEntry> kept, float[] vector, float[] similarities, int[] nearest)
    {
        for (var i = 0; i < kept.Count; i++)
        {
            similarities[i] = UnitVectors.Dot(vector, kept[i].Vector);
        }

        var count = 0;
        for (var i = 0; i < kept.Count; i++)
        {
            if (count == nearest.Length && similarities[i] <= similarities[nearest[count - 1]])
            {
                continue;
            }

            var position = count < nearest.Length ? count++ : count - 1;
            while (position > 0 && similarities[nearest[position - 1]] < similarities[i])
            {
                nearest[position] = nearest[position - 1];
                position--;
            }

            nearest[position] = i;
        }

        return count;
    }
}
