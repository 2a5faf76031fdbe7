using System.Runtime.InteropServices;
using LlmThrift.Embeddings.Kernels;
using LlmThrift.Embeddings.Model;
using Xunit;

namespace LlmThrift.Embeddings.Tests;

public sealed unsafe class LinearKernelTests
{
    public static TheoryData<string> Kernels() => [.. LinearKernel.Supported.Select(kernel => kernel.Name)];

    [Theory]
    [MemberData(nameof(Kernels))]
    public void Multiply_any_shape_equals_plain_sums_bit_by_bit(string name)
    {
        var random = new Random(7);
        foreach (var inputs in new[] { 4, 12, 36, 384, 1536 })
        {
            foreach (var outputs in new[] { 16, 48 })
            {
                for (var rows = 1; rows <= 20; rows++)
                {
                    var limit = LinearKernel.InputLimit(inputs);
                    Check(name, inputs, outputs, rows, () => random.Next(-127, 128), () => random.Next(-limit, limit + 1));
                }
            }
        }
    }

    [Theory]
    [MemberData(nameof(Kernels))]
    public void Multiply_largest_inputs_and_weights_does_not_overflow(string name)
    {
        foreach (var inputs in new[] { 384, 1536 })
        {
            var limit = LinearKernel.InputLimit(inputs);
            Check(name, inputs, 16, 6, () => 127, () => limit);
            Check(name, inputs, 16, 6, () => -127, () => limit);
        }
    }

    [Fact]
    public void InputLimit_keeps_the_largest_sum_within_32_bits()
    {
        Assert.Equal(32767, LinearKernel.InputLimit(384));
        Assert.InRange(127L * 1536 * LinearKernel.InputLimit(1536), 0, int.MaxValue);
        Assert.True(127L * 1536 * (LinearKernel.InputLimit(1536) + 1) > int.MaxValue);
    }

    [Fact]
    public void RowBlocks_are_even_and_cover_all_rows()
    {
        for (var rows = 1; rows <= 300; rows++)
        {
            var sizes = new List<int>();
            for (var left = rows; left > 0; left -= sizes[^1])
            {
                sizes.Add(RowBlocks.Next(left));
            }

            Assert.Equal(rows, sizes.Sum());
            Assert.InRange(sizes.Max(), 1, RowBlocks.MaxRows);
            Assert.InRange(sizes.Max() - sizes.Min(), 0, 1);
        }
    }

    /// <summary>Sums of its own, from weights in their plain order.</summary>
    private static void Check(string name, int inputs, int outputs, int rows, Func<int> nextWeight, Func<int> nextInput)
    {
        var weights = new sbyte[outputs, inputs];
        var packed = new byte[outputs * (inputs + (2 * sizeof(float)))];
        var scales = MemoryMarshal.Cast<byte, float>(packed.AsSpan(outputs * inputs));
        for (var output = 0; output < outputs; output++)
        {
            scales[output] = 0.001f * (output + 1);
            scales[outputs + output] = output - 3.5f;
            for (var input = 0; input < inputs; input++)
            {
                weights[output, input] = (sbyte)nextWeight();
                packed[(output / 16 * 16 * inputs) + (input / 2 * 32) + (output % 16 * 2) + (input % 2)] = (byte)weights[output, input];
            }
        }

        var values = Enumerable.Range(0, rows * inputs).Select(_ => (short)nextInput()).ToArray();
        var rowScales = Enumerable.Range(1, rows).Select(row => 1f / row).ToArray();
        var results = new float[(rows * outputs) + 1];
        results[^1] = float.NaN;
        fixed (byte* layer = packed)
        fixed (short* input = values)
        fixed (float* rowScale = rowScales)
        fixed (float* result = results)
        {
            var kernel = LinearKernel.Supported.Single(kernel => kernel.Name == name);
            kernel.Multiply(new LinearLayer((sbyte*)layer, inputs, outputs), input, rowScale, rows, result);
        }

        for (var row = 0; row < rows; row++)
        {
            for (var output = 0; output < outputs; output++)
            {
                var sum = 0L;
                for (var input = 0; input < inputs; input++)
                {
                    sum += weights[output, input] * values[(row * inputs) + input];
                }

                var expected = MathF.FusedMultiplyAdd(checked((int)sum), rowScales[row] * scales[output], scales[outputs + output]);
                Assert.Equal(expected, results[(row * outputs) + output]);
            }
        }

        Assert.True(float.IsNaN(results[^1]), "Something was written behind the results.");
    }
}
