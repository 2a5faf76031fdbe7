using LlmThrift.Vectors;

namespace LlmThrift.Routing;

/// <summary>
/// Fits a <see cref="GainPrior"/>: ridge regression of gains on all products of two dimensions of the embedding, of which the directions that matter most are kept.
/// Subjects that it has not seen are foretold better by products than by the dimensions themselves.
/// </summary>
internal static class GainPriorFitter
{
    /// <summary>
    /// Longer questions gain more, by this much for each standard deviation. Not fitted with the rest: length varies with the subject, so that a fit takes it for a sign of the subjects it knows.
    /// </summary>
    private const double OfLength = 0.015;

    private const int MaxSteps = 500;
    private const double Tolerance = 1e-6;

    /// <summary>Fits; takes eight bytes for each pair of examples.</summary>
    /// <param name="examples">What to fit to.</param>
    /// <param name="lambda">More than 0: the larger, the less single questions count.</param>
    public static GainPrior To(IReadOnlyList<GainExample> examples, double lambda)
    {
        var meanGain = examples.Average(example => example.Gain);
        var weights = Solve(Kernel(examples), lambda, [.. examples.Select(example => example.Gain - meanGain)]);
        var dimensions = examples[0].Vector.Length;
        var form = new double[dimensions * dimensions];
        for (var i = 0; i < examples.Count; i++)
        {
            var vector = Array.ConvertAll(examples[i].Vector, value => (double)value);
            for (var d = 0; d < dimensions; d++)
            {
                DoubleVectors.Add(vector, weights[i] * vector[d], form.AsSpan(d * dimensions, dimensions));
            }
        }

        var (values, vectors) = SymmetricEigen.Of(form, dimensions);
        int[] kept = [.. Enumerable.Range(0, dimensions).OrderByDescending(k => Math.Abs(values[k])).Take(GainPrior.Rank)];
        var directions = new float[GainPrior.Rank * dimensions];
        var curvatures = new float[GainPrior.Rank];
        for (var k = 0; k < kept.Length; k++)
        {
            curvatures[k] = (float)values[kept[k]];
            for (var d = 0; d < dimensions; d++)
            {
                directions[(k * dimensions) + d] = (float)vectors[(kept[k] * dimensions) + d];
            }
        }

        var prior = new GainPrior(
            directions,
            curvatures,
            (float)WeightOfLength(examples, PromptFeatures.Characters),
            (float)WeightOfLength(examples, PromptFeatures.Sentences),
            Bias: 0
        );
        return prior with { Bias = (float)(meanGain - examples.Average(example => prior.Of(example.Vector, example.Features))) };
    }

    /// <summary>The products of all products of two dimensions: the square of the similarity; less the means of rows and columns.</summary>
    private static double[][] Kernel(IReadOnlyList<GainExample> examples)
    {
        var n = examples.Count;
        var kernel = new double[n][];
        Parallel.For(
            0,
            n,
            i =>
            {
                var row = kernel[i] = new double[n];
                for (var j = 0; j < n; j++)
                {
                    double similarity = UnitVectors.Dot(examples[i].Vector, examples[j].Vector);
                    row[j] = similarity * similarity;
                }
            }
        );
        var means = Array.ConvertAll(kernel, row => row.Average());
        var mean = means.Average();
        Parallel.For(
            0,
            n,
            i =>
            {
                for (var j = 0; j < n; j++)
                {
                    kernel[i][j] += mean - means[i] - means[j];
                }
            }
        );
        return kernel;
    }

    /// <summary>Solves <c>(K + λI) a = y</c> by conjugate gradients (Hestenes and Stiefel, 1952): there are too many examples for factors.</summary>
    private static double[] Solve(double[][] kernel, double lambda, double[] target)
    {
        var n = target.Length;
        var (solution, residual, direction, product) = (new double[n], (double[])target.Clone(), (double[])target.Clone(), new double[n]);
        var squares = DoubleVectors.Dot(residual, residual);
        var enough = Tolerance * Tolerance * squares;
        for (var step = 0; step < MaxSteps && squares > enough; step++)
        {
            Parallel.For(0, n, i => product[i] = DoubleVectors.Dot(kernel[i], direction) + (lambda * direction[i]));
            var length = squares / DoubleVectors.Dot(direction, product);
            DoubleVectors.Add(direction, length, solution);
            DoubleVectors.Add(product, -length, residual);
            var left = DoubleVectors.Dot(residual, residual);
            for (var i = 0; i < n; i++)
            {
                direction[i] = residual[i] + (left / squares * direction[i]);
            }

            squares = left;
        }

        return solution;
    }

    private static double WeightOfLength(IReadOnlyList<GainExample> examples, int feature)
    {
        var mean = examples.Average(example => example.Features[feature]);
        var variance = examples.Average(example => (example.Features[feature] - mean) * (example.Features[feature] - mean));
        return OfLength / 2 / (Math.Sqrt(variance) + 1e-3);
    }
}
