using LlmThrift.Embeddings.Pairs;
using Xunit;

namespace LlmThrift.Embeddings.Tests.Pairs;

public sealed class PairMathTests
{
    private readonly float[] _values = [.. Enumerable.Range(0, 64).Select(i => 6 * MathF.Sin(i))];

    [Fact]
    public void Activate_gives_the_unit_that_the_weights_are_fitted_with()
    {
        var values = new float[] { -4, -2, -1, 0, 0.5f, 1, 2, 4 };

        PairMath.Activate(values);

        // By PyTorch's functional.gelu.
        float[] expected = [-0.000127f, -0.0455f, -0.158655f, 0, 0.345731f, 0.841345f, 1.9545f, 3.999873f];
        Assert.All(values.Zip(expected), pair => Assert.Equal(pair.Second, pair.First, 2e-5));
    }

    [Fact]
    public void Sharpen_gives_e_to_the_power_of_what_is_left_to_the_greatest()
    {
        var values = _values.ToArray();

        PairMath.Sharpen(values, greatest: 6, factor: 2);

        Assert.All(values.Zip(_values), pair => Assert.Equal(Math.Exp(2 * (pair.Second - 6)), pair.First, 1e-5));
    }

    [Fact]
    public void AddProduct_adds_a_row_of_weights_for_each_input()
    {
        float[] inputs = [2, -1, 0.5f];
        var weights = Enumerable.Range(0, 3 * 64).Select(i => MathF.Cos(i)).ToArray();
        var sums = _values.ToArray();

        PairMath.AddProduct(inputs, weights, sums);

        for (var k = 0; k < sums.Length; k++)
        {
            Assert.Equal(_values[k] + (2 * weights[k]) - weights[64 + k] + (0.5f * weights[128 + k]), sums[k], 1e-4);
        }
    }

    [Fact]
    public void Dots_gives_the_product_with_each_row()
    {
        var products = new float[4];

        PairMath.Dots(_values.AsSpan(0, 16), _values, products);

        for (var row = 0; row < 4; row++)
        {
            Assert.Equal(Enumerable.Range(0, 16).Sum(i => (double)_values[i] * _values[(16 * row) + i]), products[row], 1e-3);
        }
    }

    [Fact]
    public void Pool_adds_and_keeps_the_greatest()
    {
        var sums = new float[8];
        var peaks = Enumerable.Repeat(float.MinValue, 8).ToArray();

        PairMath.Pool([-3, 1, 2, 3, 4, 5, 6, 7], sums, peaks);
        PairMath.Pool([-1, 2, 1, 3, 0, 0, 0, 9], sums, peaks);

        Assert.Equal([-4, 3, 3, 6, 4, 5, 6, 16], sums);
        Assert.Equal([-1, 2, 2, 3, 4, 5, 6, 9], peaks);
    }
}
