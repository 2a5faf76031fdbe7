using System.Numerics;
using System.Runtime.InteropServices;

namespace LlmThrift.Vectors;

/// <summary>Arithmetic on runs of doubles.</summary>
internal static class DoubleVectors
{
    public static double Dot(ReadOnlySpan<double> a, ReadOnlySpan<double> b)
    {
        var left = MemoryMarshal.Cast<double, Vector<double>>(a);
        var right = MemoryMarshal.Cast<double, Vector<double>>(b);
        var (even, odd) = (Vector<double>.Zero, Vector<double>.Zero);
        var i = 0;
        for (; i + 1 < left.Length; i += 2)
        {
            even += left[i] * right[i];
            odd += left[i + 1] * right[i + 1];
        }

        if (i < left.Length)
        {
            even += left[i] * right[i];
        }

        var sum = Vector.Sum(even + odd);
        for (var rest = left.Length * Vector<double>.Count; rest < a.Length; rest++)
        {
            sum += a[rest] * b[rest];
        }

        return sum;
    }

    /// <summary>Adds <paramref name="factor"/> times <paramref name="a"/> to <paramref name="sum"/>.</summary>
    public static void Add(ReadOnlySpan<double> a, double factor, Span<double> sum)
    {
        var from = MemoryMarshal.Cast<double, Vector<double>>(a);
        var to = MemoryMarshal.Cast<double, Vector<double>>(sum);
        var factors = new Vector<double>(factor);
        for (var i = 0; i < from.Length; i++)
        {
            to[i] += from[i] * factors;
        }

        for (var rest = from.Length * Vector<double>.Count; rest < a.Length; rest++)
        {
            sum[rest] += a[rest] * factor;
        }
    }
}
