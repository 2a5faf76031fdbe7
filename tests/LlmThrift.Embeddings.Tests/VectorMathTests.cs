using System.Runtime.Intrinsics;
using LlmThrift.Embeddings.Kernels;
using Xunit;

namespace LlmThrift.Embeddings.Tests;

public sealed unsafe class VectorMathTests
{
    [Fact]
    public void Gelu_over_its_range_is_the_exact_form()
    {
        for (var x = -12f; x <= 12; x += 0.0137f)
        {
            Assert.Equal(x * NormalCumulative(x), VectorMath.Gelu(Vector256.Create(x)).ToScalar(), 4e-6);
        }
    }

    [Fact]
    public void Exp_of_what_is_not_positive_is_close_to_the_exact_one()
    {
        for (var x = -80f; x <= 0; x += 0.0371f)
        {
            Assert.InRange(VectorMath.Exp(Vector256.Create(x)).ToScalar() / Math.Exp(x), 1 - 2e-5, 1 + 2e-5);
        }

        Assert.InRange(VectorMath.Exp(Vector256.Create(float.MinValue)).ToScalar(), 0, 1e-37);
        Assert.Equal(1, VectorMath.Exp(Vector256<float>.Zero).ToScalar());
    }

    [Fact]
    public void Quantise_rows_uses_the_whole_range_and_stays_within_half_a_step()
    {
        const int Width = 48;
        const int Rows = 3;
        var random = new Random(3);
        var values = Enumerable.Range(0, Width * Rows).Select(i => i < Width ? 0f : (float)((random.NextDouble() * 8) - 4)).ToArray();
        var quantised = new short[values.Length];
        var scales = new float[Rows];
        fixed (float* value = values)
        fixed (short* integer = quantised)
        fixed (float* scale = scales)
        {
            VectorMath.Quantise(value, Rows, Width, integer, scale);
        }

        Assert.All(quantised[..Width], integer => Assert.Equal(0, integer));
        for (var row = 1; row < Rows; row++)
        {
            var integers = quantised[(row * Width)..((row + 1) * Width)];
            Assert.Equal(LinearKernel.InputLimit(Width), integers.Max(i => Math.Abs((int)i)));
            for (var i = 0; i < Width; i++)
            {
                Assert.Equal(values[(row * Width) + i], integers[i] * scales[row], scales[row] * 0.51f);
            }
        }
    }

    [Fact]
    public void Normalise_rows_gives_mean_and_variance_of_the_gains_and_biases()
    {
        var random = new Random(5);
        var rows = Enumerable.Range(0, 2 * 384).Select(_ => (float)random.NextDouble() * 3).ToArray();
        var original = rows.ToArray();
        var norm = Enumerable.Range(0, 2 * 384).Select(_ => (float)random.NextDouble()).ToArray();
        fixed (float* row = rows)
        fixed (float* gains = norm)
        {
            VectorMath.Normalise(row, 2, gains, 1e-12f);
        }

        for (var row = 0; row < 2; row++)
        {
            var values = original[(row * 384)..((row + 1) * 384)].Select(value => (double)value).ToArray();
            var mean = values.Average();
            var deviation = Math.Sqrt(values.Average(value => (value - mean) * (value - mean)));
            for (var i = 0; i < 384; i++)
            {
                Assert.Equal(((values[i] - mean) / deviation * norm[i]) + norm[384 + i], rows[(row * 384) + i], 1e-5);
            }
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(15)]
    [InlineData(16)]
    [InlineData(17)]
    [InlineData(256)]
    public void Attend_any_number_of_tokens_equals_the_plain_softmax(int tokens)
    {
        const int Stride = 3 * 384;
        var random = new Random(tokens);
        var input = Enumerable.Range(0, tokens * Stride).Select(_ => (float)((random.NextDouble() * 2) - 1)).ToArray();
        var output = new float[tokens * 384];
        var keys = new float[32 * 256];
        var scores = new float[256];
        fixed (float* from = input)
        fixed (float* to = output)
        fixed (float* key = keys)
        fixed (float* score = scores)
        {
            Attention.Attend(from + 32, Stride, tokens, key, score, to + 32);
        }

        for (var token = 0; token < tokens; token += 7)
        {
            var weights = Enumerable
                .Range(0, tokens)
                .Select(other => Math.Exp(Enumerable.Range(0, 32).Sum(d => (double)At(token, 32 + d) * At(other, 384 + 32 + d))))
                .ToArray();
            for (var d = 0; d < 32; d++)
            {
                var expected = Enumerable.Range(0, tokens).Sum(other => weights[other] * At(other, 768 + 32 + d)) / weights.Sum();
                Assert.Equal(expected, output[(token * 384) + 32 + d], 1e-5);
            }
        }

        float At(int token, int place) => input[(token * Stride) + place];
    }

    /// <summary>Simpson's rule over the density, from far out.</summary>
    private static double NormalCumulative(double x)
    {
        const int Steps = 2000;
        const double From = -14;
        var step = (x - From) / Steps;
        var sum = 0.0;
        for (var i = 0; i <= Steps; i++)
        {
            var t = From + (i * step);
            var weight =
                i is 0 or Steps ? 1
                : i % 2 == 1 ? 4
                : 2;
            sum += weight * Math.Exp(-t * t / 2);
        }

        return sum * step / 3 / Math.Sqrt(2 * Math.PI);
    }
}
