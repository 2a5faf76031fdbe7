using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace LlmThrift.Embeddings.Kernels;

/// <summary>Multiplies 16-bit integers, and adds the products by twos to 32-bit sums.</summary>
internal interface IMultiplyAdd
{
    static abstract Vector256<int> Add(Vector256<int> sums, Vector256<short> left, Vector256<short> right);
}

internal readonly struct Avx2MultiplyAdd : IMultiplyAdd
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Add(Vector256<int> sums, Vector256<short> left, Vector256<short> right) =>
        Avx2.Add(sums, Avx2.MultiplyAddAdjacent(left, right));
}

/// <summary>One instruction instead of two.</summary>
internal readonly struct VnniMultiplyAdd : IMultiplyAdd
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Add(Vector256<int> sums, Vector256<short> left, Vector256<short> right) =>
        AvxVnni.MultiplyWideningAndAdd(sums, left, right);
}
