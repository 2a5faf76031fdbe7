using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;

namespace LlmThrift.SemanticCache;

/// <summary>Dot products of one 8-bit vector with many that lie one after another: where a search spends its time.</summary>
/// <remarks>
/// Components are from -127 to 127 and a vector's length is a multiple of 32. On x86, <c>|q| × (x · sign q)</c> puts the unsigned factor on the
/// left, as <c>vpmaddubsw</c> wants it; two products are at most 2 × 127² = 32,258 and so fit into 16 bits. Four vectors are taken at a time, so
/// that a loaded part of the query serves four. Wider registers would not help: a search of a large index waits for memory.
/// </remarks>
internal static class DotKernels
{
    public static void Dots(ReadOnlySpan<sbyte> query, ReadOnlySpan<sbyte> vectors, Span<int> dots)
    {
        if (query.Length % 32 != 0 || vectors.Length != query.Length * dots.Length)
        {
            throw new ArgumentException(
                "The vectors do not lie in rows of the query's length, or that is no multiple of 32.",
                nameof(vectors)
            );
        }

        if (Avx2.IsSupported)
        {
            DotsAvx2(query, vectors, dots);
        }
        else if (Dp.IsSupported)
        {
            DotsArm(query, vectors, dots);
        }
        else
        {
            DotsPortable(query, vectors, dots);
        }
    }

    internal static void DotsAvx2(ReadOnlySpan<sbyte> query, ReadOnlySpan<sbyte> vectors, Span<int> dots)
    {
        var length = (nuint)query.Length;
        ref var q = ref Unsafe.AsRef(in query.GetPinnableReference());
        ref var vector = ref Unsafe.AsRef(in vectors.GetPinnableReference());
        var ones = Vector256<short>.One;
        var row = 0;
        for (; row + 4 <= dots.Length; row += 4)
        {
            ref var second = ref Unsafe.Add(ref vector, length);
            ref var third = ref Unsafe.Add(ref second, length);
            ref var fourth = ref Unsafe.Add(ref third, length);
            var sum1 = Vector256<int>.Zero;
            var sum2 = Vector256<int>.Zero;
            var sum3 = Vector256<int>.Zero;
            var sum4 = Vector256<int>.Zero;
            for (nuint i = 0; i < length; i += 32)
            {
                var part = Vector256.LoadUnsafe(ref q, i);
                var magnitude = Avx2.Abs(part);
                sum1 += Products(magnitude, part, Vector256.LoadUnsafe(ref vector, i), ones);
                sum2 += Products(magnitude, part, Vector256.LoadUnsafe(ref second, i), ones);
                sum3 += Products(magnitude, part, Vector256.LoadUnsafe(ref third, i), ones);
                sum4 += Products(magnitude, part, Vector256.LoadUnsafe(ref fourth, i), ones);
            }

            dots[row] = Vector256.Sum(sum1);
            dots[row + 1] = Vector256.Sum(sum2);
            dots[row + 2] = Vector256.Sum(sum3);
            dots[row + 3] = Vector256.Sum(sum4);
            vector = ref Unsafe.Add(ref fourth, length);
        }

        for (; row < dots.Length; row++)
        {
            var sum = Vector256<int>.Zero;
            for (nuint i = 0; i < length; i += 32)
            {
                var part = Vector256.LoadUnsafe(ref q, i);
                sum += Products(Avx2.Abs(part), part, Vector256.LoadUnsafe(ref vector, i), ones);
            }

            dots[row] = Vector256.Sum(sum);
            vector = ref Unsafe.Add(ref vector, length);
        }
    }

    internal static void DotsArm(ReadOnlySpan<sbyte> query, ReadOnlySpan<sbyte> vectors, Span<int> dots)
    {
        for (var row = 0; row < dots.Length; row++)
        {
            var vector = vectors.Slice(row * query.Length, query.Length);
            var even = Vector128<int>.Zero;
            var odd = Vector128<int>.Zero;
            for (var i = 0; i < query.Length; i += 32)
            {
                even = Dp.DotProduct(even, Vector128.Create(query[i..]), Vector128.Create(vector[i..]));
                odd = Dp.DotProduct(odd, Vector128.Create(query[(i + 16)..]), Vector128.Create(vector[(i + 16)..]));
            }

            dots[row] = Vector128.Sum(even + odd);
        }
    }

    internal static void DotsPortable(ReadOnlySpan<sbyte> query, ReadOnlySpan<sbyte> vectors, Span<int> dots)
    {
        for (var row = 0; row < dots.Length; row++)
        {
            var vector = vectors.Slice(row * query.Length, query.Length);
            var sum = Vector128<int>.Zero;
            for (var i = 0; i < query.Length; i += 16)
            {
                var (lowQuery, highQuery) = Vector128.Widen(Vector128.Create(query[i..]));
                var (low, high) = Vector128.Widen(Vector128.Create(vector[i..]));
                var (lowProducts, highProducts) = Vector128.Widen((lowQuery * low) + (highQuery * high));
                sum += lowProducts + highProducts;
            }

            dots[row] = Vector128.Sum(sum);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> Products(
        Vector256<byte> magnitude,
        Vector256<sbyte> query,
        Vector256<sbyte> vector,
        Vector256<short> ones
    ) => Avx2.MultiplyAddAdjacent(Avx2.MultiplyAddAdjacent(magnitude, Avx2.Sign(vector, query)), ones);
}
