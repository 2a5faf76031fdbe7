using LlmThrift.Vectors;

namespace LlmThrift.Routing;

/// <summary>
/// Fits a <see cref="GainModel"/> to an audit: Gaussian process regression (Rasmussen and Williams, "Gaussian Processes for Machine Learning", 2006, chapter 2) with
/// a sum of two kernels, around a part of the prior and of the effort. How much features, prior, effort and noise count is not chosen but averaged over: each choice counts by how likely it makes what the audit
/// found (chapter 5), to the power <see cref="LearningRate"/>.
/// </summary>
internal static class GainFitter
{
    /// <summary>More questions make the fit take minutes, and a decision too long.</summary>
    public const int MaxAnchors = 1_000;

    /// <summary>
    /// Gains are not normally distributed, and a few hundred tell little of how noisy they are: taken at its word, the likelihood settles on one choice too soon
    /// (Grünwald and van Ommen, "Inconsistency of Bayesian inference for misspecified linear models, and a proposal for repairing it", 2017).
    /// </summary>
    private const double LearningRate = 1.0 / 3;

    /// <summary>A feature that varies less than this says nothing of effort, or a question that has it would seem beyond all others: a word that counts is in less than one question of fifty.</summary>
    private const double LeastVariation = 0.1;

    private static readonly double[] FeatureShares = [0, 0.02, 0.1];
    private static readonly double[] PriorWeights = [0, 0.5, 1, 2];

    /// <summary>
    /// How many standard deviations questions gain more for each of their effort, and how likely that is beforehand: mostly no more than the prior says, in some traffic it is what tells most,
    /// and now and then the easier ones gain more.
    /// </summary>
    private static readonly (double Weight, double Chance)[] EffortWeights =
    [
        (-0.05, 0.04),
        (0, 0.66),
        (0.05, 0.14),
        (0.1, 0.1),
        (0.2, 0.06),
    ];

    private static readonly double[] Noises = [0.5, 1.5, 5, 15, 30, 60, 120, 240];

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
        var (features, centers, scales) = Standardize(examples);
        var priorMean = prior?.Average() ?? 0;
        var priors = prior is null ? new double[n] : Array.ConvertAll(prior, value => value - priorMean);
        var scale = Math.Sqrt(target.Sum(value => value * value) / n);
        var (efforts, effortFeatures) = Efforts(features, scales, scale);
        var likeness = Likeness(examples);

        var choices = new List<Choice>();
        foreach (var featureShare in FeatureShares)
        {
            var kernel = Kernel(likeness, features, featureShare, n);
            foreach (var noise in Noises)
            {
                var (solutions, diagonal, logDeterminant) = SymmetricSystem.Solve(kernel, noise, target, priors, efforts);
                var system = new Solved(target, priors, efforts, solutions, diagonal, logDeterminant);
                choices.AddRange(
                    from priorWeight in prior is null ? [0.0] : PriorWeights
                    from effort in EffortWeights
                    select Choice.Of(featureShare, priorWeight, effort.Weight, effort.Chance, system)
                );
            }
        }

        var best = choices.Max(choice => choice.LogShare);
        var shares = choices.ConvertAll(choice => Math.Exp(choice.LogShare - best));
        var total = shares.Sum();
        var weights = new double[n];
        var featureWeights = new double[PromptFeatures.Count];
        double meanPriorWeight = 0;
        var leftOut = new double[n];
        for (var c = 0; c < choices.Count; c++)
        {
            var (choice, share) = (choices[c], shares[c] / total);
            DoubleVectors.Add(choice.Weights, share, weights);
            DoubleVectors.Add(choice.LeftOut, share, leftOut);
            meanPriorWeight += share * choice.PriorWeight;
            DoubleVectors.Add(effortFeatures, share * choice.EffortWeight, featureWeights);
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

    /// <summary>How much effort each question takes, in units of the gains' deviation, and how it is read from standardised features.</summary>
    private static (double[] Values, double[] OfFeatures) Efforts(double[] features, double[] scales, double deviation)
    {
        var width = PromptFeatures.Count;
        var ofFeatures = new double[width];
        foreach (var (feature, weight) in PromptFeatures.Effort.Where(effort => scales[effort.Feature] >= LeastVariation))
        {
            ofFeatures[feature] = weight;
        }

        var efforts = new double[features.Length / width];
        for (var i = 0; i < efforts.Length; i++)
        {
            efforts[i] = DoubleVectors.Dot(ofFeatures, features.AsSpan(i * width, width));
        }

        // The mean is nought, as the features are standardised.
        var scale = deviation / Math.Max(1, Math.Sqrt(efforts.Sum(effort => effort * effort) / efforts.Length));
        return (Array.ConvertAll(efforts, effort => effort * scale), Array.ConvertAll(ofFeatures, weight => weight * scale));
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

    /// <summary>One kernel with one noise, solved for gains, priors and efforts.</summary>
    private sealed record Solved(
        double[] Target,
        double[] Priors,
        double[] Efforts,
        double[][] Solutions,
        double[] Diagonal,
        double LogDeterminant
    );

    private sealed record Choice(
        double FeatureShare,
        double PriorWeight,
        double EffortWeight,
        double[] Weights,
        double[] LeftOut,
        double LogShare
    )
    {
        /// <summary>The equations are linear: what solves them for gains less a part of the priors is the solution for gains, less that part of the one for priors; so with efforts.</summary>
        public static Choice Of(double featureShare, double priorWeight, double effortWeight, double chance, Solved system)
        {
            var n = system.Target.Length;
            var (weights, leftOut) = (new double[n], new double[n]);
            double fit = 0;
            for (var i = 0; i < n; i++)
            {
                weights[i] = system.Solutions[0][i] - (priorWeight * system.Solutions[1][i]) - (effortWeight * system.Solutions[2][i]);
                leftOut[i] = system.Target[i] - (weights[i] / system.Diagonal[i]);
                fit += (system.Target[i] - (priorWeight * system.Priors[i]) - (effortWeight * system.Efforts[i])) * weights[i];
            }

            // At the scale of the gains that makes it greatest; an audit without any difference has none.
            var logLikelihood = -0.5 * (system.LogDeterminant + (n * Math.Log(Math.Max(fit / n, 1e-12))));
            return new Choice(featureShare, priorWeight, effortWeight, weights, leftOut, (LearningRate * logLikelihood) + Math.Log(chance));
        }
    }
}
