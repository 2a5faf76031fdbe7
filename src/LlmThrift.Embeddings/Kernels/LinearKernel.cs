using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;
using LlmThrift.Embeddings.Model;

namespace LlmThrift.Embeddings.Kernels;

/// <summary>Multiplies rows of 16-bit integers by a <see cref="LinearLayer"/>. Thread-safe.</summary>
/// <remarks>
/// All kernels add the same integers and round the same way, so they give the same results, bit by bit, as <see cref="PortableKernel"/>: sums are exact, and what follows
/// is a product of the two scales, times the sum, plus the bias, fused.
/// </remarks>
internal abstract unsafe class LinearKernel
{
    /// <summary>The largest absolute value of an input that cannot overflow the sums of a map with that many inputs.</summary>
    public static int InputLimit(int inputs) => Math.Min(short.MaxValue, int.MaxValue / (sbyte.MaxValue * inputs));

    /// <summary>The kernels that this processor can run, the fastest first.</summary>
    public static IReadOnlyList<LinearKernel> Supported { get; } = [.. FindSupported()];

    /// <summary>The fastest kernel that this processor can run.</summary>
    public static LinearKernel Best => Supported[0];

    /// <summary>What the kernel is built on.</summary>
    public abstract string Name { get; }

    /// <summary>Computes <paramref name="output"/>, a row of <c>layer.Outputs</c> values for each row of inputs.</summary>
    /// <param name="layer">The weights.</param>
    /// <param name="input">Rows of <c>layer.Inputs</c> integers, none above <see cref="InputLimit"/>.</param>
    /// <param name="rowScales">What one step of a row's integers stands for.</param>
    /// <param name="rows">How many rows, at least 1.</param>
    /// <param name="output">Takes the rows of results.</param>
    public abstract void Multiply(in LinearLayer layer, short* input, float* rowScales, int rows, float* output);

    private static IEnumerable<LinearKernel> FindSupported()
    {
        if (Avx512BW.IsSupported)
        {
            yield return new Avx512Kernel();
        }

        if (AvxVnni.IsSupported)
        {
            yield return new Avx2Kernel<VnniMultiplyAdd>("AVX-VNNI");
        }

        if (Avx2.IsSupported && Fma.IsSupported)
        {
            yield return new Avx2Kernel<Avx2MultiplyAdd>("AVX2");
        }

        if (AdvSimd.Arm64.IsSupported)
        {
            yield return new AdvSimdKernel();
        }

        yield return new PortableKernel();
    }
}
