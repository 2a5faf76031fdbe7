namespace LlmThrift.Evaluation.Pairs;

/// <summary>Logistic regression by Newton's method, with a little ridge.</summary>
internal static class LogisticRegression
{
    private const int Iterations = 15;
    private const double Ridge = 1;

    /// <returns>The intercept, then a weight for each feature.</returns>
    public static double[] Fit(float[][] features, bool[] labels)
    {
        var size = features[0].Length + 1;
        var weights = new double[size];
        for (var iteration = 0; iteration < Iterations; iteration++)
        {
            var gradient = new double[size];
            var hessian = new double[size, size];
            for (var i = 0; i < size; i++)
            {
                gradient[i] = i > 0 ? Ridge * weights[i] : 0;
                hessian[i, i] = Ridge;
            }

            for (var row = 0; row < features.Length; row++)
            {
                var probability = 1 / (1 + Math.Exp(-LogOdds(weights, features[row])));
                var error = probability - (labels[row] ? 1 : 0);
                var weight = probability * (1 - probability);
                for (var i = 0; i < size; i++)
                {
                    var x = i == 0 ? 1 : features[row][i - 1];
                    gradient[i] += error * x;
                    for (var j = 0; j < size; j++)
                    {
                        hessian[i, j] += weight * x * (j == 0 ? 1 : features[row][j - 1]);
                    }
                }
            }

            Solve(hessian, gradient);
            for (var i = 0; i < size; i++)
            {
                weights[i] -= gradient[i];
            }
        }

        return weights;
    }

    public static double LogOdds(double[] weights, float[] features)
    {
        var sum = weights[0];
        for (var i = 0; i < features.Length; i++)
        {
            sum += weights[i + 1] * features[i];
        }

        return sum;
    }

    /// <summary>Solves a positive definite system in place, by elimination.</summary>
    private static void Solve(double[,] matrix, double[] values)
    {
        var size = values.Length;
        for (var pivot = 0; pivot < size; pivot++)
        {
            for (var row = 0; row < size; row++)
            {
                if (row != pivot)
                {
                    var factor = matrix[row, pivot] / matrix[pivot, pivot];
                    for (var column = pivot; column < size; column++)
                    {
                        matrix[row, column] -= factor * matrix[pivot, column];
                    }

                    values[row] -= factor * values[pivot];
                }
            }
        }

        for (var i = 0; i < size; i++)
        {
            values[i] /= matrix[i, i];
        }
    }
}
