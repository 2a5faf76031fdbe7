using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;
using LlmThrift.Embeddings.Model;

namespace LlmThrift.Embeddings.Kernels;

/// <summary>Rows of sixteen columns at a time, 128 bits wide.</summary>
/// <remarks>For every two inputs, the weights of the first and those of the second are taken apart and widened, then multiplied by one lane of the row's inputs.</remarks>
internal sealed unsafe class AdvSimdKernel : LinearKernel
{
    private const int BlockRows = 4;

    public override string Name => "AdvSimd";

    public override void Multiply(in LinearLayer layer, short* input, float* rowScales, int rows, float* output)
    {
        for (var column = 0; column < layer.Outputs; column += ModelLayout.PanelColumns)
        {
            var row = 0;
            for (; row + BlockRows <= rows; row += BlockRows)
            {
                Block<FourRows>(layer, column, input + (row * layer.Inputs), rowScales + row, output + (row * layer.Outputs));
            }

            for (; row < rows; row++)
            {
                Block<OneRow>(layer, column, input + (row * layer.Inputs), rowScales + row, output + (row * layer.Outputs));
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Block<TRows>(in LinearLayer layer, int column, short* input, float* rowScales, float* output)
        where TRows : struct, IRowCount
    {
        var pairs = layer.Inputs / 2;
        var weights = layer.Weights + (column * layer.Inputs);
        var row0 = default(Sums);
        var row1 = default(Sums);
        var row2 = default(Sums);
        var row3 = default(Sums);
        for (var pair = 0; pair < pairs; pair++, weights += 2 * ModelLayout.PanelColumns)
        {
            var low = Vector128.Load(weights);
            var high = Vector128.Load(weights + ModelLayout.PanelColumns);
            var first = AdvSimd.Arm64.UnzipEven(low, high);
            var second = AdvSimd.Arm64.UnzipOdd(low, high);
            var firstLow = AdvSimd.SignExtendWideningLower(first.GetLower());
            var firstHigh = AdvSimd.SignExtendWideningUpper(first);
            var secondLow = AdvSimd.SignExtendWideningLower(second.GetLower());
            var secondHigh = AdvSimd.SignExtendWideningUpper(second);
            row0.Add(firstLow, firstHigh, secondLow, secondHigh, input + (2 * pair));
            if (TRows.Count > 1)
            {
                row1.Add(firstLow, firstHigh, secondLow, secondHigh, input + (2 * (pairs + pair)));
                row2.Add(firstLow, firstHigh, secondLow, secondHigh, input + (2 * ((2 * pairs) + pair)));
                row3.Add(firstLow, firstHigh, secondLow, secondHigh, input + (2 * ((3 * pairs) + pair)));
            }
        }

        row0.Store(layer, column, rowScales[0], output);
        if (TRows.Count > 1)
        {
            row1.Store(layer, column, rowScales[1], output + layer.Outputs);
            row2.Store(layer, column, rowScales[2], output + (2 * layer.Outputs));
            row3.Store(layer, column, rowScales[3], output + (3 * layer.Outputs));
        }
    }

    /// <summary>The sums of sixteen columns of a row.</summary>
    private struct Sums
    {
        private Vector128<int> _columns0;
        private Vector128<int> _columns4;
        private Vector128<int> _columns8;
        private Vector128<int> _columns12;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Add(
            Vector128<short> firstLow,
            Vector128<short> firstHigh,
            Vector128<short> secondLow,
            Vector128<short> secondHigh,
            short* inputs
        )
        {
            var pair = Vector64.CreateScalar(*(int*)inputs).AsInt16();
            _columns0 = AdvSimd.MultiplyBySelectedScalarWideningLowerAndAdd(_columns0, firstLow.GetLower(), pair, 0);
            _columns0 = AdvSimd.MultiplyBySelectedScalarWideningLowerAndAdd(_columns0, secondLow.GetLower(), pair, 1);
            _columns4 = AdvSimd.MultiplyBySelectedScalarWideningUpperAndAdd(_columns4, firstLow, pair, 0);
            _columns4 = AdvSimd.MultiplyBySelectedScalarWideningUpperAndAdd(_columns4, secondLow, pair, 1);
            _columns8 = AdvSimd.MultiplyBySelectedScalarWideningLowerAndAdd(_columns8, firstHigh.GetLower(), pair, 0);
            _columns8 = AdvSimd.MultiplyBySelectedScalarWideningLowerAndAdd(_columns8, secondHigh.GetLower(), pair, 1);
            _columns12 = AdvSimd.MultiplyBySelectedScalarWideningUpperAndAdd(_columns12, firstHigh, pair, 0);
            _columns12 = AdvSimd.MultiplyBySelectedScalarWideningUpperAndAdd(_columns12, secondHigh, pair, 1);
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public readonly void Store(in LinearLayer layer, int column, float rowScale, float* output)
        {
            Store(layer, column, _columns0, rowScale, output);
            Store(layer, column + 4, _columns4, rowScale, output);
            Store(layer, column + 8, _columns8, rowScale, output);
            Store(layer, column + 12, _columns12, rowScale, output);
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private static void Store(in LinearLayer layer, int column, Vector128<int> sums, float rowScale, float* output) =>
            Vector128
                .FusedMultiplyAdd(
                    Vector128.ConvertToSingle(sums),
                    Vector128.Create(rowScale) * Vector128.Load(layer.Scales + column),
                    Vector128.Load(layer.Biases + column)
                )
                .Store(output + column);
    }
}
