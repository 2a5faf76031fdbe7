using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using LlmThrift.Embeddings.Kernels;

namespace LlmThrift.Embeddings.Pairs;

/// <summary>Small products of vectors on 32-bit floats, eight at a time. All lengths are multiples of eight.</summary>
internal static class PairMath
{
    private const int Lanes = 8;

    public static float Dot(ReadOnlySpan<float> left, ReadOnlySpan<float> right)
    {
        ref var a = ref MemoryMarshal.GetReference(left);
        ref var b = ref MemoryMarshal.GetReference(right);
        var sum = Vector256<float>.Zero;
        for (nuint i = 0; i < (nuint)Math.Min(left.Length, right.Length); i += Lanes)
        {
            sum = Vector256.MultiplyAddEstimate(Vector256.LoadUnsafe(ref a, i), Vector256.LoadUnsafe(ref b, i), sum);
        }

        return Vector256.Sum(sum);
    }

    /// <summary>The products of a vector with each row of a matrix.</summary>
    /// <param name="vector">The vector.</param>
    /// <param name="rows">Rows of its length, one for each product.</param>
    /// <param name="products">Takes the products.</param>
    public static void Dots(ReadOnlySpan<float> vector, ReadOnlySpan<float> rows, Span<float> products)
    {
        if (rows.Length < vector.Length * products.Length)
        {
            throw new ArgumentException("There are fewer rows than products.", nameof(rows));
        }

        ref var a = ref MemoryMarshal.GetReference(vector);
        ref var b = ref MemoryMarshal.GetReference(rows);
        var width = (nuint)vector.Length;
        nuint place = 0;
        foreach (ref var product in products)
        {
            var sum = Vector256<float>.Zero;
            for (nuint i = 0; i < width; i += Lanes)
            {
                sum = Vector256.MultiplyAddEstimate(Vector256.LoadUnsafe(ref a, i), Vector256.LoadUnsafe(ref b, place + i), sum);
            }

            product = Vector256.Sum(sum);
            place += width;
        }
    }

    /// <summary>Adds a multiple of a vector to another.</summary>
    public static void AddScaled(ReadOnlySpan<float> values, float factor, Span<float> sums)
    {
        ref var a = ref MemoryMarshal.GetReference(values);
        ref var b = ref MemoryMarshal.GetReference(sums);
        var times = Vector256.Create(factor);
        for (nuint i = 0; i < (nuint)Math.Min(values.Length, sums.Length); i += Lanes)
        {
            Vector256.MultiplyAddEstimate(Vector256.LoadUnsafe(ref a, i), times, Vector256.LoadUnsafe(ref b, i)).StoreUnsafe(ref b, i);
        }
    }

    /// <summary>Adds to the sums a matrix times a vector. The outputs are a multiple of 32: four registers hold as many sums.</summary>
    /// <param name="inputs">The vector.</param>
    /// <param name="weights">A row of outputs for each input.</param>
    /// <param name="sums">A sum for each output.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void AddProduct(ReadOnlySpan<float> inputs, ReadOnlySpan<float> weights, Span<float> sums)
    {
        if (weights.Length < inputs.Length * sums.Length)
        {
            throw new ArgumentException("There are fewer weights than inputs times outputs.", nameof(weights));
        }

        ref var w = ref MemoryMarshal.GetReference(weights);
        ref var s = ref MemoryMarshal.GetReference(sums);
        var outputs = (nuint)sums.Length;
        for (nuint column = 0; column < outputs; column += 4 * Lanes)
        {
            var sum0 = Vector256.LoadUnsafe(ref s, column);
            var sum1 = Vector256.LoadUnsafe(ref s, column + Lanes);
            var sum2 = Vector256.LoadUnsafe(ref s, column + (2 * Lanes));
            var sum3 = Vector256.LoadUnsafe(ref s, column + (3 * Lanes));
            var place = column;
            foreach (var input in inputs)
            {
                var value = Vector256.Create(input);
                sum0 = Vector256.MultiplyAddEstimate(Vector256.LoadUnsafe(ref w, place), value, sum0);
                sum1 = Vector256.MultiplyAddEstimate(Vector256.LoadUnsafe(ref w, place + Lanes), value, sum1);
                sum2 = Vector256.MultiplyAddEstimate(Vector256.LoadUnsafe(ref w, place + (2 * Lanes)), value, sum2);
                sum3 = Vector256.MultiplyAddEstimate(Vector256.LoadUnsafe(ref w, place + (3 * Lanes)), value, sum3);
                place += outputs;
            }

            sum0.StoreUnsafe(ref s, column);
            sum1.StoreUnsafe(ref s, column + Lanes);
            sum2.StoreUnsafe(ref s, column + (2 * Lanes));
            sum3.StoreUnsafe(ref s, column + (3 * Lanes));
        }
    }

    /// <summary>Writes the products of two vectors' values, then the absolute differences.</summary>
    /// <param name="left">A vector.</param>
    /// <param name="right">The other, before it is scaled.</param>
    /// <param name="scale">What to multiply the other by.</param>
    /// <param name="destination">Takes twice as many values.</param>
    public static void Contrast(ReadOnlySpan<float> left, ReadOnlySpan<float> right, float scale, Span<float> destination)
    {
        ref var a = ref MemoryMarshal.GetReference(left);
        ref var b = ref MemoryMarshal.GetReference(right);
        ref var target = ref MemoryMarshal.GetReference(destination);
        var factor = Vector256.Create(scale);
        var length = (nuint)Math.Min(Math.Min(left.Length, right.Length), destination.Length / 2);
        for (nuint i = 0; i < length; i += Lanes)
        {
            var first = Vector256.LoadUnsafe(ref a, i);
            var second = Vector256.LoadUnsafe(ref b, i) * factor;
            (first * second).StoreUnsafe(ref target, i);
            Vector256.Abs(first - second).StoreUnsafe(ref target, length + i);
        }
    }

    /// <summary>Adds to the sums, and takes into the peaks.</summary>
    public static void Pool(ReadOnlySpan<float> values, Span<float> sums, Span<float> peaks)
    {
        ref var source = ref MemoryMarshal.GetReference(values);
        ref var sum = ref MemoryMarshal.GetReference(sums);
        ref var peak = ref MemoryMarshal.GetReference(peaks);
        for (nuint i = 0; i < (nuint)Math.Min(values.Length, Math.Min(sums.Length, peaks.Length)); i += Lanes)
        {
            var value = Vector256.LoadUnsafe(ref source, i);
            (Vector256.LoadUnsafe(ref sum, i) + value).StoreUnsafe(ref sum, i);
            Vector256.MaxNative(Vector256.LoadUnsafe(ref peak, i), value).StoreUnsafe(ref peak, i);
        }
    }

    /// <summary>Replaces values by those of the Gaussian error linear unit.</summary>
    public static void Activate(Span<float> values)
    {
        ref var source = ref MemoryMarshal.GetReference(values);
        for (nuint i = 0; i < (nuint)values.Length; i += Lanes)
        {
            VectorMath.Gelu(Vector256.LoadUnsafe(ref source, i)).StoreUnsafe(ref source, i);
        }
    }

    /// <summary>Replaces values by e to the power of what they lack to the greatest that they can be, times a factor.</summary>
    public static void Sharpen(Span<float> values, float greatest, float factor)
    {
        ref var source = ref MemoryMarshal.GetReference(values);
        for (nuint i = 0; i < (nuint)values.Length; i += Lanes)
        {
            var value = Vector256.LoadUnsafe(ref source, i);
            VectorMath.Exp((value - Vector256.Create(greatest)) * factor).StoreUnsafe(ref source, i);
        }
    }

    /// <summary>Turns integers of 8 bits into floats, times a scale. There are a multiple of 32.</summary>
    public static void Widen(ReadOnlySpan<sbyte> values, float scale, Span<float> destination)
    {
        ref var source = ref MemoryMarshal.GetReference(values);
        ref var target = ref MemoryMarshal.GetReference(destination);
        var factor = Vector256.Create(scale);
        for (nuint i = 0; i < (nuint)Math.Min(values.Length, destination.Length); i += 4 * Lanes)
        {
            var (low, high) = Vector256.Widen(Vector256.LoadUnsafe(ref source, i));
            var (first, second) = Vector256.Widen(low);
            var (third, fourth) = Vector256.Widen(high);
            (Vector256.ConvertToSingle(first) * factor).StoreUnsafe(ref target, i);
            (Vector256.ConvertToSingle(second) * factor).StoreUnsafe(ref target, i + Lanes);
            (Vector256.ConvertToSingle(third) * factor).StoreUnsafe(ref target, i + (2 * Lanes));
            (Vector256.ConvertToSingle(fourth) * factor).StoreUnsafe(ref target, i + (3 * Lanes));
        }
    }
}
