using LlmThrift.Embeddings.Model;

namespace LlmThrift.Embeddings.Kernels;

/// <summary>The plain way, for any processor; the others are tested against it.</summary>
internal sealed unsafe class PortableKernel : LinearKernel
{
    private const int Columns = ModelLayout.PanelColumns;

    public override string Name => "portable";

    public override void Multiply(in LinearLayer layer, short* input, float* rowScales, int rows, float* output)
    {
        var sums = stackalloc int[Columns];
        for (var column = 0; column < layer.Outputs; column += Columns)
        {
            for (var row = 0; row < rows; row++)
            {
                new Span<int>(sums, Columns).Clear();
                var weights = layer.Weights + (column * layer.Inputs);
                for (var i = 0; i < layer.Inputs; i += 2, weights += 2 * Columns)
                {
                    int first = input[(row * layer.Inputs) + i];
                    int second = input[(row * layer.Inputs) + i + 1];
                    for (var c = 0; c < Columns; c++)
                    {
                        sums[c] += (first * weights[2 * c]) + (second * weights[(2 * c) + 1]);
                    }
                }

                for (var c = column; c < column + Columns; c++)
                {
                    output[(row * layer.Outputs) + c] = MathF.FusedMultiplyAdd(
                        sums[c - column],
                        rowScales[row] * layer.Scales[c],
                        layer.Biases[c]
                    );
                }
            }
        }
    }
}
