using LlmThrift.Vectors;

namespace LlmThrift.Routing;

/// <summary>Eigenvalues and eigenvectors of a symmetric matrix, by Jacobi's rotations (Golub and Van Loan, "Matrix Computations", section 8.5).</summary>
internal static class SymmetricEigen
{
    private const int MaxSweeps = 30;
    private const double Tolerance = 1e-20;

    /// <summary>Both, in no order.</summary>
    /// <param name="matrix">By rows; changed.</param>
    /// <param name="n">Rows.</param>
    /// <returns>The values, and the vectors, one after another.</returns>
    public static (double[] Values, double[] Vectors) Of(double[] matrix, int n)
    {
        var vectors = new double[n * n];
        for (var i = 0; i < n; i++)
        {
            vectors[(i * n) + i] = 1;
        }

        var enough = Tolerance * DoubleVectors.Dot(matrix, matrix);
        for (var sweep = 0; sweep < MaxSweeps && OffDiagonal(matrix, n) > enough; sweep++)
        {
            for (var p = 0; p < n - 1; p++)
            {
                for (var q = p + 1; q < n; q++)
                {
                    Rotate(matrix, vectors, n, p, q);
                }
            }
        }

        var values = new double[n];
        for (var i = 0; i < n; i++)
        {
            values[i] = matrix[(i * n) + i];
        }

        return (values, vectors);
    }

    /// <summary>Makes the value at (p, q) zero.</summary>
    private static void Rotate(double[] matrix, double[] vectors, int n, int p, int q)
    {
        var between = matrix[(p * n) + q];
        if (between == 0)
        {
            return;
        }

        var cotangent = (matrix[(q * n) + q] - matrix[(p * n) + p]) / (2 * between);
        var tangent = cotangent == 0 ? 1 : Math.Sign(cotangent) / (Math.Abs(cotangent) + Math.Sqrt(1 + (cotangent * cotangent)));
        var cosine = 1 / Math.Sqrt(1 + (tangent * tangent));
        var sine = tangent * cosine;
        for (var k = 0; k < n; k++)
        {
            var (kp, kq) = (matrix[(k * n) + p], matrix[(k * n) + q]);
            (matrix[(k * n) + p], matrix[(k * n) + q]) = ((cosine * kp) - (sine * kq), (sine * kp) + (cosine * kq));
        }

        Turn(matrix.AsSpan(p * n, n), matrix.AsSpan(q * n, n), cosine, sine);
        Turn(vectors.AsSpan(p * n, n), vectors.AsSpan(q * n, n), cosine, sine);
    }

    private static void Turn(Span<double> p, Span<double> q, double cosine, double sine)
    {
        for (var k = 0; k < p.Length; k++)
        {
            (p[k], q[k]) = ((cosine * p[k]) - (sine * q[k]), (sine * p[k]) + (cosine * q[k]));
        }
    }

    private static double OffDiagonal(double[] matrix, int n)
    {
        double squares = 0;
        for (var i = 0; i < n; i++)
        {
            for (var j = 0; j < i; j++)
            {
                squares += 2 * matrix[(i * n) + j] * matrix[(i * n) + j];
            }
        }

        return squares;
    }
}
