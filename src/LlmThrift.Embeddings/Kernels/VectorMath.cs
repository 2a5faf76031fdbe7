using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using LlmThrift.Embeddings.Model;

namespace LlmThrift.Embeddings.Kernels;

/// <summary>What lies between the linear maps, on 32-bit floats, eight at a time. All lengths are multiples of eight.</summary>
internal static unsafe class VectorMath
{
    private const int Lanes = 8;
    private const int Dimensions = ModelLayout.Dimensions;

    /// <summary>Beyond this, the normal distribution's function is 0 or 1 within the error below.</summary>
    private const float GeluBound = 5;

    /// <summary>Adds 16-bit floats.</summary>
    public static void Add(float* row, Half* other, int count)
    {
        for (var i = 0; i < count; i++)
        {
            row[i] += (float)other[i];
        }
    }

    /// <summary>Rounds rows to integers, the largest absolute value of a row to the largest that a linear map may take.</summary>
    /// <param name="values">The rows.</param>
    /// <param name="rows">How many.</param>
    /// <param name="width">The values of a row, a multiple of 16.</param>
    /// <param name="quantised">Takes the integers.</param>
    /// <param name="rowScales">Takes what one step stands for, a row.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Quantise(float* values, int rows, int width, short* quantised, float* rowScales)
    {
        var limit = (float)LinearKernel.InputLimit(width);
        for (var row = 0; row < rows; row++, values += width, quantised += width)
        {
            var largest = Vector256<float>.Zero;
            var largest2 = Vector256<float>.Zero;
            for (var i = 0; i < width; i += 2 * Lanes)
            {
                largest = Vector256.MaxNative(largest, Vector256.Abs(Vector256.Load(values + i)));
                largest2 = Vector256.MaxNative(largest2, Vector256.Abs(Vector256.Load(values + i + Lanes)));
            }

            var most = MaxOf(Vector256.MaxNative(largest, largest2));
            rowScales[row] = most / limit;
            var factor = Vector256.Create(most > 0 ? limit / most : 0);
            for (var i = 0; i < width; i += 2 * Lanes)
            {
                var low = Vector256.ConvertToInt32Native(Vector256.Round(Vector256.Load(values + i) * factor));
                var high = Vector256.ConvertToInt32Native(Vector256.Round(Vector256.Load(values + i + Lanes) * factor));
                Vector256.Narrow(low, high).Store(quantised + i);
            }
        }
    }

    /// <summary>Adds rows of 384 to others, and normalises the sums in place of the first.</summary>
    public static void AddAndNormalise(float* rows, float* others, int count, float* norm, float epsilon)
    {
        for (var i = 0; i < count * Dimensions; i += Lanes)
        {
            (Vector256.Load(rows + i) + Vector256.Load(others + i)).Store(rows + i);
        }

        Normalise(rows, count, norm, epsilon);
    }

    /// <summary>Layer normalisation of rows of 384: mean 0, variance 1, times gains, plus biases.</summary>
    /// <param name="rows">The rows, changed in place.</param>
    /// <param name="count">How many.</param>
    /// <param name="norm">384 gains, 384 biases.</param>
    /// <param name="epsilon">Added to the variance.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Normalise(float* rows, int count, float* norm, float epsilon)
    {
        for (var row = rows; row < rows + (count * Dimensions); row += Dimensions)
        {
            var sums = Vector256<float>.Zero;
            var sums2 = Vector256<float>.Zero;
            for (var i = 0; i < Dimensions; i += 2 * Lanes)
            {
                sums += Vector256.Load(row + i);
                sums2 += Vector256.Load(row + i + Lanes);
            }

            var mean = Vector256.Create(Vector256.Sum(sums + sums2) / Dimensions);
            var squares = Vector256<float>.Zero;
            var squares2 = Vector256<float>.Zero;
            for (var i = 0; i < Dimensions; i += 2 * Lanes)
            {
                var difference = Vector256.Load(row + i) - mean;
                var difference2 = Vector256.Load(row + i + Lanes) - mean;
                squares = Vector256.MultiplyAddEstimate(difference, difference, squares);
                squares2 = Vector256.MultiplyAddEstimate(difference2, difference2, squares2);
            }

            var factor = Vector256.Create(1 / MathF.Sqrt((Vector256.Sum(squares + squares2) / Dimensions) + epsilon));
            for (var i = 0; i < Dimensions; i += Lanes)
            {
                var value = (Vector256.Load(row + i) - mean) * factor;
                Vector256.MultiplyAddEstimate(value, Vector256.Load(norm + i), Vector256.Load(norm + Dimensions + i)).Store(row + i);
            }
        }
    }

    /// <summary>The Gaussian error linear unit in its exact form, x · Φ(x), in place.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Gelu(float* values, int count)
    {
        for (var i = 0; i < count; i += 2 * Lanes)
        {
            // Two at a time: each is a chain of dependent steps.
            var first = Gelu(Vector256.Load(values + i));
            var second = Gelu(Vector256.Load(values + i + Lanes));
            first.Store(values + i);
            second.Store(values + i + Lanes);
        }
    }

    /// <summary>x · Φ(x), to within 4e-6.</summary>
    /// <remarks>
    /// Φ(x) is ½ + x · p(x²). The polynomial was fitted, with errors weighted by x², to [0, 25]; it is written in a variable that runs from -1 to 1, in which its
    /// coefficients are small and nothing is cancelled.
    /// </remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Gelu(Vector256<float> x)
    {
        var bounded = Vector256.ClampNative(x, Vector256.Create(-GeluBound), Vector256.Create(GeluBound));
        var t = Vector256.MultiplyAddEstimate(bounded * bounded, Vector256.Create(2 / (GeluBound * GeluBound)), Vector256.Create(-1f));
        var p = Vector256.Create(0.000492944208f);
        p = Vector256.MultiplyAddEstimate(p, t, Vector256.Create(-0.00151413132f));
        p = Vector256.MultiplyAddEstimate(p, t, Vector256.Create(0.00200192002f));
        p = Vector256.MultiplyAddEstimate(p, t, Vector256.Create(-0.00291572441f));
        p = Vector256.MultiplyAddEstimate(p, t, Vector256.Create(0.00616537919f));
        p = Vector256.MultiplyAddEstimate(p, t, Vector256.Create(-0.01097319f));
        p = Vector256.MultiplyAddEstimate(p, t, Vector256.Create(0.0164976753f));
        p = Vector256.MultiplyAddEstimate(p, t, Vector256.Create(-0.0233367458f));
        p = Vector256.MultiplyAddEstimate(p, t, Vector256.Create(0.0314262249f));
        p = Vector256.MultiplyAddEstimate(p, t, Vector256.Create(-0.0404329486f));
        p = Vector256.MultiplyAddEstimate(p, t, Vector256.Create(0.0515214205f));
        p = Vector256.MultiplyAddEstimate(p, t, Vector256.Create(-0.0702966526f));
        p = Vector256.MultiplyAddEstimate(p, t, Vector256.Create(0.141363785f));
        return x * Vector256.MultiplyAddEstimate(bounded, p, Vector256.Create(0.5f));
    }

    /// <summary>e to the power of x for x ≤ 0, to within 1e-6 of the result; below -87, next to nothing.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Exp(Vector256<float> x)
    {
        // 2 to a whole number, which is put together from its bits, times e to a rest of at most half of ln 2, by its Taylor series.
        var whole = Vector256.Round(Vector256.MaxNative(x, Vector256.Create(-87f)) * Vector256.Create(1.44269504f));
        var rest = Vector256.MultiplyAddEstimate(whole, Vector256.Create(-0.693147181f), Vector256.MaxNative(x, Vector256.Create(-87f)));
        var p = Vector256.Create(1f / 720);
        p = Vector256.MultiplyAddEstimate(p, rest, Vector256.Create(1f / 120));
        p = Vector256.MultiplyAddEstimate(p, rest, Vector256.Create(1f / 24));
        p = Vector256.MultiplyAddEstimate(p, rest, Vector256.Create(1f / 6));
        p = Vector256.MultiplyAddEstimate(p, rest, Vector256.Create(0.5f));
        p = Vector256.MultiplyAddEstimate(p, rest, Vector256<float>.One);
        p = Vector256.MultiplyAddEstimate(p, rest, Vector256<float>.One);
        var power = Vector256.ShiftLeft(Vector256.ConvertToInt32Native(whole) + Vector256.Create(127), 23).AsSingle();
        return p * power;
    }

    /// <summary>The mean of rows of 384, scaled to length one.</summary>
    public static void MeanOfLengthOne(float* rows, int count, Span<float> destination)
    {
        fixed (float* result = destination)
        {
            var squares = Vector256<float>.Zero;
            for (var i = 0; i < Dimensions; i += Lanes)
            {
                var sum = Vector256<float>.Zero;
                for (var row = 0; row < count; row++)
                {
                    sum += Vector256.Load(rows + (row * Dimensions) + i);
                }

                sum.Store(result + i);
                squares += sum * sum;
            }

            // The mean's own factor makes no difference to a vector of length one.
            var factor = Vector256.Create(1 / MathF.Sqrt(Vector256.Sum(squares)));
            for (var i = 0; i < Dimensions; i += Lanes)
            {
                (Vector256.Load(result + i) * factor).Store(result + i);
            }
        }
    }

    /// <summary>The largest of eight.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float MaxOf(Vector256<float> values)
    {
        var four = Vector128.MaxNative(values.GetLower(), values.GetUpper());
        var two = Vector128.MaxNative(four, Vector128.Shuffle(four, Vector128.Create(2, 3, 0, 1)));
        return Vector128.MaxNative(two, Vector128.Shuffle(two, Vector128.Create(1, 0, 3, 2))).ToScalar();
    }
}
