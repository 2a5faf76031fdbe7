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
        var right = MemoryMarshal.Cast<float, Vector<float>>(b)[..left.Length];

        // Four sums, since each addition to one has to wait for the one before it.
        var (first, second, third, fourth) = (Vector<float>.Zero, Vector<float>.Zero, Vector<float>.Zero, Vector<float>.Zero);
        var index = 0;
        for (; index + 3 < left.Length; index += 4)
        {
            first += left[index] * right[index];
            second += left[index + 1] * right[index + 1];
            third += left[index + 2] * right[index + 2];
            fourth += left[index + 3] * right[index + 3];
        }

        for (; index < left.Length; index++)
        {
            first += left[index] * right[index];
        }

        var sum = Vector.Sum(first + second + (third + fourth));
        for (var rest = left.Length * Vector<float>.Count; rest < a.Length; rest++)
        {
            sum += a[rest] * b[rest];
        }

        return sum;
    }
}
