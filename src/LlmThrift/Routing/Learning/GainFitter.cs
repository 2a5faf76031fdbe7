using LlmThrift.Vectors;

namespace LlmThrift.Routing;

/// <summary>
/// Fits a <see cref="GainModel"/> to an audit: Gaussian process regression (Rasmussen and Williams, "Gaussian Processes for Machine Learning", 2006, chapter 2) with
/// a sum of three kernels. How much features, prior and noise count is not chosen but averaged over: each choice counts by how well it foretells the questions of the audit
/// that it is not told of, which follows in closed form.
/// </summary>
internal static class GainFitter
{
    /// <summary>More questions make the fit take minutes, and a decision too long.</summary>
    public const int MaxAnchors = 1_000;

    private const double NegligibleShare = 0.005;

    private static readonly double[] FeatureShares = [0, 0.02, 0.1];
    private static readonly double[] PriorShares = [0, 0.03, 0.3];
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
        var (priors, priorCenter, priorScale) = Standardize(prior ?? new double[n]);
        var likeness = Likeness(examples);

        var choices = new List<Choice>();
        foreach (var featureShare in FeatureShares)
        {
            foreach (var priorShare in prior is null ? [0.0] : PriorShares)
            {
                var kernel = Kernel(likeness, features, featureShare, priors, priorShare, n);
                foreach (var noise in Noises)
                {
                    choices.Add(Try(kernel, noise, target, featureShare, priorShare));
                }
            }
        }

        var best = choices.Min(choice => choice.Error);
        var shares = choices.ConvertAll(choice => variance > 0 ? Math.Exp(-n * (choice.Error - best) / (2 * variance)) : 1);
        var total = shares.Where(share => share > NegligibleShare).Sum();
        var weights = new double[n];
        var featureWeights = new double[PromptFeatures.Count];
        double priorWeight = 0;
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
            for (var i = 0; i < n; i++)
            {
                var weight = share * choice.Weights[i];
                priorWeight += weight * choice.PriorShare * priors[i];
                DoubleVectors.Add(
                    features.AsSpan(i * PromptFeatures.Count, PromptFeatures.Count),
                    weight * choice.FeatureShare / PromptFeatures.Count,
                    featureWeights
                );
            }
        }

        // Back from standardised features and priors to those that are read.
        var bias = mean - (priorWeight / priorScale * priorCenter);
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
            (float)(priorWeight / priorScale),
            (float)bias
        );
        return new Fit(model, leftOut);
    }

    private static Choice Try(double[] kernel, double noise, double[] target, double featureShare, double priorShare)
    {
        var n = target.Length;
        var (weights, diagonal, leftOut) = (new double[n], new double[n], new double[n]);
        SymmetricSystem.Solve(kernel, noise, target, weights, diagonal);
        double error = 0;
        for (var i = 0; i < n; i++)
        {
            var residual = weights[i] / diagonal[i];
            leftOut[i] = target[i] - residual;
            error += residual * residual / n;
        }

        return new Choice(featureShare, priorShare, weights, leftOut, error);
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

    private static double[] Kernel(double[] likeness, double[] features, double featureShare, double[] priors, double priorShare, int n)
    {
        if (featureShare == 0 && priorShare == 0)
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
                kernel[(i * n) + j] += (featureShare * common) + (priorShare * priors[i] * priors[j]);
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

    private sealed record Choice(double FeatureShare, double PriorShare, double[] Weights, double[] LeftOut, double Error);
}
