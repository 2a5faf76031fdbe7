using LlmThrift.Vectors;

namespace LlmThrift.Routing;

/// <summary>
/// Fits a <see cref="GainModel"/> to an audit: Gaussian process regression (Rasmussen and Williams, "Gaussian Processes for Machine Learning", 2006, chapter 2) with
/// a sum of two kernels, around a part of the prior. How much features, prior and noise count is not chosen but averaged over: each choice counts by how well it foretells the questions
/// of the audit that it is not told of, which follows in closed form.
/// </summary>
internal static class GainFitter
{
    /// <summary>More questions make the fit take minutes, and a decision too long.</summary>
    public const int MaxAnchors = 1_000;

    private const double NegligibleShare = 0.005;

    private static readonly double[] FeatureShares = [0, 0.02, 0.1];
    private static readonly double[] PriorWeights = [0, 0.5, 1, 2];
    private static readonly double[] Noises = [0.5, 1.5, 5, 15, 50, 150, 500];

    /// <summary>A fit, and what it says of each example when it is not told of it.</summary>
    internal sealed record Fit(GainModel Model, double[] LeftOut);

    /// <summary>Fits.</summary>
    /// <param name="examples">At least three, at most <see cref="MaxAnchors"/>.</param>
    /// <param name="prior">What the prior says of each; null for none.</param>
    public static Fit To(IReadOnlyList<GainExample> examples, double[]? prior)
    {
        var n = examples.Count;
        var mean = examples.Average(example => example.Gain);
        double[] target = [.. examples.Select(example => example.Gain - mean)];
        var variance = target.Sum(value => value * value) / n;
        var (features, centers, scales) = Standardize(examples);
        var priorMean = prior?.Average() ?? 0;
        var priors = prior is null ? new double[n] : Array.ConvertAll(prior, value => value - priorMean);
        var likeness = Likeness(examples);

        var choices = new List<Choice>();
        foreach (var featureShare in FeatureShares)
        {
            var kernel = Kernel(likeness, features, featureShare, n);
            foreach (var noise in Noises)
            {
                var (solutions, diagonal) = SymmetricSystem.Solve(kernel, noise, target, priors);
                foreach (var priorWeight in prior is null ? [0.0] : PriorWeights)
                {
                    choices.Add(Choice.Of(featureShare, priorWeight, target, solutions, diagonal));
                }
            }
        }

        var best = choices.Min(choice => choice.Error);
        var shares = choices.ConvertAll(choice => variance > 0 ? Math.Exp(-n * (choice.Error - best) / (2 * variance)) : 1);
        var total = shares.Where(share => share > NegligibleShare).Sum();
        var weights = new double[n];
        var featureWeights = new double[PromptFeatures.Count];
        double meanPriorWeight = 0;
        var leftOut = new double[n];
        for (var c = 0; c < choices.Count; c++)
        {
            if (shares[c] <= NegligibleShare)
            {
                continue;
            }

            var (choice, share) = (choices[c], shares[c] / total);
            DoubleVectors.Add(choice.Weights, share, weights);
            DoubleVectors.Add(choice.LeftOut, share, leftOut);
            meanPriorWeight += share * choice.PriorWeight;
            for (var i = 0; i < n; i++)
            {
                DoubleVectors.Add(
                    features.AsSpan(i * PromptFeatures.Count, PromptFeatures.Count),
                    share * choice.Weights[i] * choice.FeatureShare / PromptFeatures.Count,
                    featureWeights
                );
            }
        }

        // Back from standardised features to those that are read.
        var bias = mean - (meanPriorWeight * priorMean);
        for (var f = 0; f < featureWeights.Length; f++)
        {
            featureWeights[f] /= scales[f];
            bias -= featureWeights[f] * centers[f];
        }

        for (var i = 0; i < n; i++)
        {
            leftOut[i] += mean;
        }

        var model = new GainModel(
            examples[0].Vector.Length,
            [.. examples.SelectMany(example => example.Vector)],
            Array.ConvertAll(weights, weight => (float)weight),
            Array.ConvertAll(featureWeights, weight => (float)weight),
            (float)meanPriorWeight,
            (float)bias
        );
        return new Fit(model, leftOut);
    }

    private static double[] Likeness(IReadOnlyList<GainExample> examples)
    {
        var n = examples.Count;
        var likeness = new double[n * n];
        for (var i = 0; i < n; i++)
        {
            for (var j = 0; j <= i; j++)
            {
                var similarity = UnitVectors.Dot(examples[i].Vector, examples[j].Vector);
                likeness[(i * n) + j] = likeness[(j * n) + i] = Math.Exp((2 * similarity - 2) / GainModel.Width);
            }
        }

        return likeness;
    }

    private static double[] Kernel(double[] likeness, double[] features, double featureShare, int n)
    {
        if (featureShare == 0)
        {
            return likeness;
        }

        var kernel = (double[])likeness.Clone();
        var width = PromptFeatures.Count;
        for (var i = 0; i < n; i++)
        {
            for (var j = 0; j <= i; j++)
            {
                var common = DoubleVectors.Dot(features.AsSpan(i * width, width), features.AsSpan(j * width, width)) / width;
                kernel[(i * n) + j] += featureShare * common;
                kernel[(j * n) + i] = kernel[(i * n) + j];
            }
        }

        return kernel;
    }

    private static (double[] Values, double[] Centers, double[] Scales) Standardize(IReadOnlyList<GainExample> examples)
    {
        var (n, width) = (examples.Count, PromptFeatures.Count);
        var (values, centers, scales) = (new double[n * width], new double[width], new double[width]);
        for (var f = 0; f < width; f++)
        {
            var (column, center, scale) = Standardize([.. examples.Select(example => (double)example.Features[f])]);
            (centers[f], scales[f]) = (center, scale);
            for (var i = 0; i < n; i++)
            {
                values[(i * width) + f] = column[i];
            }
        }

        return (values, centers, scales);
    }

    /// <summary>In standard deviations from the mean; what hardly varies counts for little.</summary>
    private static (double[] Values, double Center, double Scale) Standardize(double[] values)
    {
        var center = values.Average();
        var scale = Math.Sqrt(values.Sum(value => (value - center) * (value - center)) / values.Length) + 1e-3;
        return (Array.ConvertAll(values, value => (value - center) / scale), center, scale);
    }

    private sealed record Choice(double FeatureShare, double PriorWeight, double[] Weights, double[] LeftOut, double Error)
    {
        /// <summary>The equations are linear: what solves them for gains less a part of the priors is the solution for gains, less that part of the one for priors.</summary>
        public static Choice Of(double featureShare, double priorWeight, double[] target, double[][] solutions, double[] diagonal)
        {
            var n = target.Length;
            var (weights, leftOut) = (new double[n], new double[n]);
            double error = 0;
            for (var i = 0; i < n; i++)
            {
                weights[i] = solutions[0][i] - (priorWeight * solutions[1][i]);
                var residual = weights[i] / diagonal[i];
                leftOut[i] = target[i] - residual;
                error += residual * residual / n;
            }

            return new Choice(featureShare, priorWeight, weights, leftOut, error);
        }
    }
}
