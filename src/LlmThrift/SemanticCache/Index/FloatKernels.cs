using System.Numerics;
using System.Runtime.InteropServices;

namespace LlmThrift.SemanticCache;

/// <summary>The few operations on float vectors that adding, splitting and ranking need.</summary>
internal static class FloatKernels
{
    public static float Dot(ReadOnlySpan<float> left, ReadOnlySpan<float> right)
    {
        var sum = Vector<float>.Zero;
        var lefts = MemoryMarshal.Cast<float, Vector<float>>(left);
        var rights = MemoryMarshal.Cast<float, Vector<float>>(right);
        for (var i = 0; i < lefts.Length; i++)
        {
            sum += lefts[i] * rights[i];
        }

        var dot = Vector.Sum(sum);
        for (var i = lefts.Length * Vector<float>.Count; i < left.Length; i++)
        {
            dot += left[i] * right[i];
        }

        return dot;
    }

    /// <summary>Adds <paramref name="factor"/> times a vector to a sum.</summary>
    public static void AddTo(Span<float> sum, ReadOnlySpan<float> vector, float factor)
    {
        var sums = MemoryMarshal.Cast<float, Vector<float>>(sum);
        var vectors = MemoryMarshal.Cast<float, Vector<float>>(vector);
        for (var i = 0; i < sums.Length; i++)
        {
            sums[i] += vectors[i] * factor;
        }

        for (var i = sums.Length * Vector<float>.Count; i < sum.Length; i++)
        {
            sum[i] += vector[i] * factor;
        }
    }

    /// <summary>Copies a vector scaled to length one and padded with zeros; false if it is zero or not finite.</summary>
    public static bool TryNormalize(ReadOnlySpan<float> vector, Span<float> unit)
    {
        // In double precision, so that neither great nor small components are lost when squared.
        var squares = 0.0;
        foreach (var component in vector)
        {
            squares += (double)component * component;
        }

        if (!(squares > 0) || !double.IsFinite(squares))
        {
            return false;
        }

        var inverse = 1 / Math.Sqrt(squares);
        for (var i = 0; i < vector.Length; i++)
        {
            unit[i] = (float)(vector[i] * inverse);
        }

        unit[vector.Length..].Clear();
        return true;
    }
}
