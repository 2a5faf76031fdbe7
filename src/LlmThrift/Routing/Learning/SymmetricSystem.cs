using LlmThrift.Vectors;

namespace LlmThrift.Routing;

/// <summary>
/// Solves <c>(K + λI) a = y</c> for a symmetric, positive semidefinite K, by Cholesky's factors, and gives what judging a fit needs: the diagonal of the inverse and the determinant.
/// </summary>
internal static class SymmetricSystem
{
    /// <summary>Solves, for some targets at the price of one.</summary>
    /// <param name="kernel">K by rows, n × n.</param>
    /// <param name="lambda">More than 0.</param>
    /// <param name="targets">A y each.</param>
    /// <returns>An a for each, the diagonal of the inverse, and the logarithm of the determinant of K + λI.</returns>
    public static (double[][] Solutions, double[] Diagonal, double LogDeterminant) Solve(
        double[] kernel,
        double lambda,
        params ReadOnlySpan<double[]> targets
    )
    {
        var n = targets[0].Length;
        var factor = new double[n * n];
        Factor(kernel, lambda, factor, n);
        double logDeterminant = 0;
        for (var i = 0; i < n; i++)
        {
            logDeterminant += 2 * Math.Log(factor[(i * n) + i]);
        }

        // By rows of the transposed inverse: column j of the inverse of L, from j on.
        var inverse = new double[n * n];
        Invert(factor, inverse, n);
        var diagonal = new double[n];
        for (var i = 0; i < n; i++)
        {
            var row = inverse.AsSpan(i * n, i + 1);
            for (var j = 0; j <= i; j++)
            {
                diagonal[j] += row[j] * row[j];
            }
        }

        var solutions = new double[targets.Length][];
        for (var t = 0; t < targets.Length; t++)
        {
            var solution = solutions[t] = new double[n];
            for (var i = 0; i < n; i++)
            {
                var row = inverse.AsSpan(i * n, i + 1);
                DoubleVectors.Add(row, DoubleVectors.Dot(row, targets[t].AsSpan(0, i + 1)), solution.AsSpan(0, i + 1));
            }
        }

        return (solutions, diagonal, logDeterminant);
    }

    private static void Factor(double[] kernel, double lambda, double[] factor, int n)
    {
        for (var i = 0; i < n; i++)
        {
            var rowI = factor.AsSpan(i * n, n);
            for (var j = 0; j <= i; j++)
            {
                var rowJ = factor.AsSpan(j * n, n);
                var sum = kernel[(i * n) + j] - DoubleVectors.Dot(rowI[..j], rowJ[..j]);
                rowI[j] = i == j ? Math.Sqrt(Math.Max(sum + lambda, 1e-12)) : sum / rowJ[j];
            }
        }
    }

    /// <summary>The inverse of L, by rows.</summary>
    private static void Invert(double[] factor, double[] inverse, int n)
    {
        for (var i = 0; i < n; i++)
        {
            var row = inverse.AsSpan(i * n, n);
            for (var k = 0; k < i; k++)
            {
                DoubleVectors.Add(inverse.AsSpan(k * n, k + 1), -factor[(i * n) + k], row[..(k + 1)]);
            }

            var pivot = factor[(i * n) + i];
            for (var k = 0; k < i; k++)
            {
                row[k] /= pivot;
            }

            row[i] = 1 / pivot;
        }
    }
}
