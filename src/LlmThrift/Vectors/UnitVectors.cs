using System.Diagnostics.CodeAnalysis;
using System.Numerics;
using System.Runtime.InteropServices;

namespace LlmThrift.Vectors;

/// <summary>Arithmetic of vectors of length one.</summary>
internal static class UnitVectors
{
    /// <summary>The vector scaled to length one; false when it holds something that is no number, or only zeros.</summary>
    public static bool TryNormalize(ReadOnlySpan<float> vector, [NotNullWhen(true)] out float[]? unit)
    {
        double squares = 0;
        foreach (var value in vector)
        {
            squares += (double)value * value;
        }

        if (!double.IsFinite(squares) || squares < 1e-24)
        {
            unit = null;
            return false;
        }

        var scale = 1 / Math.Sqrt(squares);
        unit = new float[vector.Length];
        for (var index = 0; index < unit.Length; index++)
        {
            unit[index] = (float)(vector[index] * scale);
        }

        return true;
    }

    /// <summary>The cosine similarity of two unit vectors of equal length.</summary>
    public static float Dot(ReadOnlySpan<float> a, ReadOnlySpan<float> b)
    {
        var left = MemoryMarshal.Cast<float, Vector<float>>(a);
        var right = MemoryMarshal.Cast<float, Vector<float>>(b);
        var sums = Vector<float>.Zero;
        for (var index = 0; index < left.Length; index++)
        {
            sums += left[index] * right[index];
        }

        var sum = Vector.Sum(sums);
        for (var index = left.Length * Vector<float>.Count; index < a.Length; index++)
        {
            sum += a[index] * b[index];
        }

        return sum;
    }
}
