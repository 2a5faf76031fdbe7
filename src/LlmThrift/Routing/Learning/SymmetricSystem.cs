using LlmThrift.Vectors;

namespace LlmThrift.Routing;

/// <summary>
/// Solves <c>(K + λI) a = y</c> for a symmetric, positive semidefinite K, by Cholesky's factors, and gives what leave-one-out needs: the diagonal of the inverse.
/// </summary>
internal static class SymmetricSystem
{
    /// <summary>Solves.</summary>
    /// <param name="kernel">K by rows, n × n.</param>
    /// <param name="lambda">More than 0.</param>
    /// <param name="target">y.</param>
    /// <param name="solution">Gets a.</param>
    /// <param name="diagonal">Gets the diagonal of the inverse.</param>
    public static void Solve(double[] kernel, double lambda, ReadOnlySpan<double> target, Span<double> solution, Span<double> diagonal)
    {
        var n = target.Length;
        var factor = new double[n * n];
        Factor(kernel, lambda, factor, n);

        // By rows of the transposed inverse: column j of the inverse of L, from j on.
        var inverse = new double[n * n];
        Invert(factor, inverse, n);
        diagonal[..n].Clear();
        var forward = new double[n];
        for (var i = 0; i < n; i++)
        {
            var row = inverse.AsSpan(i * n, i + 1);
            forward[i] = DoubleVectors.Dot(row, target[..(i + 1)]);
            for (var j = 0; j <= i; j++)
            {
                diagonal[j] += row[j] * row[j];
            }
        }

        solution[..n].Clear();
        for (var i = 0; i < n; i++)
        {
            var row = inverse.AsSpan(i * n, i + 1);
            DoubleVectors.Add(row, forward[i], solution[..(i + 1)]);
        }
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
