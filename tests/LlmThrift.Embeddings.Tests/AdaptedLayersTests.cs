using LlmThrift.Embeddings.Model;
using Xunit;

namespace LlmThrift.Embeddings.Tests;

public sealed class AdaptedLayersTests
{
    private const int Rank = 3;

    [Fact]
    public void Layers_to_which_nothing_is_added_are_those_of_the_encoder()
    {
        var layers = MiniLmModel.Shared.Layers;

        var adapted = new AdaptedLayers(layers, new sbyte[CodesOf(layers)], new float[RowsOf(layers)], Rank);

        for (var i = 0; i < ModelLayout.Layers; i++)
        {
            foreach (var (map, original) in Maps(adapted.Span[i]).Zip(Maps(MiniLmModel.Shared.Layers[i])))
            {
                Assert.Equal(Row(original, 0), Row(map, 0), Tolerance);
                Assert.Equal(Row(original, original.Outputs - 1), Row(map, map.Outputs - 1), Tolerance);
            }
        }

        static bool Tolerance(float left, float right) => MathF.Abs(left - right) < 1e-6f;
    }

    [Fact]
    public void What_is_added_is_the_product_of_both_matrices()
    {
        var random = new Random(1);
        var layers = MiniLmModel.Shared.Layers;
        var codes = new sbyte[CodesOf(layers)];
        foreach (ref var code in codes.AsSpan())
        {
            code = (sbyte)random.Next(-127, 128);
        }

        var scales = new float[RowsOf(layers)];
        foreach (ref var scale in scales.AsSpan())
        {
            scale = random.NextSingle() / 1000;
        }

        var adapted = new AdaptedLayers(layers, codes, scales, Rank);

        var next = 0;
        var nextRow = 0;
        for (var i = 0; i < layers.Length; i++)
        {
            foreach (var (map, original) in Maps(adapted.Span[i]).Zip(Maps(layers[i])))
            {
                var byInputs = codes.AsSpan(next, Rank * original.Inputs);
                var byOutputs = codes.AsSpan(next + byInputs.Length, Rank * original.Outputs);
                var inputScales = scales.AsSpan(nextRow, Rank);
                var outputScales = scales.AsSpan(nextRow + Rank, Rank);
                next += byInputs.Length + byOutputs.Length;
                nextRow += 2 * Rank;
                foreach (var output in new[] { 0, 1, 17, original.Outputs - 1 })
                {
                    var expected = Row(original, output);
                    for (var input = 0; input < expected.Length; input++)
                    {
                        for (var r = 0; r < Rank; r++)
                        {
                            expected[input] +=
                                byInputs[(r * original.Inputs) + input]
                                * inputScales[r]
                                * byOutputs[(r * original.Outputs) + output]
                                * outputScales[r];
                        }
                    }

                    // Rounded to 8 bits: half a step, and a little for the order of the sums.
                    var halfStep = 0.501f * expected.Max(MathF.Abs) / sbyte.MaxValue;
                    Assert.Equal(expected, Row(map, output), (left, right) => MathF.Abs(left - right) <= halfStep);
                    Assert.Equal(BiasOf(original, output), BiasOf(map, output));
                }
            }
        }

        Assert.Equal(codes.Length, next);
        Assert.Equal(scales.Length, nextRow);
    }

    private static int RowsOf(ReadOnlySpan<EncoderLayer> layers) => 2 * Rank * 4 * layers.Length;

    private static int CodesOf(ReadOnlySpan<EncoderLayer> layers)
    {
        var count = 0;
        foreach (var layer in layers)
        {
            count += Maps(layer).Sum(map => Rank * (map.Inputs + map.Outputs));
        }

        return count;
    }

    private static LinearLayer[] Maps(EncoderLayer layer) => [layer.AttentionInput, layer.AttentionOutput, layer.Up, layer.Down];

    private static float[] Row(LinearLayer map, int output)
    {
        var row = new float[map.Inputs];
        map.ReadRow(output, row);
        return row;
    }

    private static unsafe float BiasOf(LinearLayer map, int output) => map.Biases[output];
}
