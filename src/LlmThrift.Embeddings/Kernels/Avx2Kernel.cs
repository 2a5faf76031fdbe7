using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using LlmThrift.Embeddings.Model;

namespace LlmThrift.Embeddings.Kernels;

/// <summary>Six rows by sixteen columns at a time, 256 bits wide.</summary>
/// <remarks>
/// For every two inputs, the weights of sixteen columns are widened to 16 bits once and multiplied by the inputs of each row, which are spread over a register
/// as they are loaded. Sums stay in registers from the first input to the last. A panel of weights (6 or 24 KB) stays in the nearest cache while all rows pass by it.
/// </remarks>
internal sealed unsafe class Avx2Kernel<TMultiplyAdd>(string name) : LinearKernel
    where TMultiplyAdd : struct, IMultiplyAdd
{
    public override string Name => name;

    public override void Multiply(in LinearLayer layer, short* input, float* rowScales, int rows, float* output)
    {
        for (var column = 0; column < layer.Outputs; column += ModelLayout.PanelColumns)
        {
            var count = 0;
            for (var row = 0; row < rows; row += count)
            {
                count = RowBlocks.Next(rows - row);
                var from = input + (row * layer.Inputs);
                var to = output + (row * layer.Outputs);
                switch (count)
                {
                    case 1:
                        Block<OneRow>(layer, column, from, rowScales + row, to);
                        break;
                    case 2:
                        Block<TwoRows>(layer, column, from, rowScales + row, to);
                        break;
                    case 3:
                        Block<ThreeRows>(layer, column, from, rowScales + row, to);
                        break;
                    case 4:
                        Block<FourRows>(layer, column, from, rowScales + row, to);
                        break;
                    case 5:
                        Block<FiveRows>(layer, column, from, rowScales + row, to);
                        break;
                    default:
                        Block<SixRows>(layer, column, from, rowScales + row, to);
                        break;
                }
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Block<TRows>(in LinearLayer layer, int column, short* input, float* rowScales, float* output)
        where TRows : struct, IRowCount
    {
        var pairs = layer.Inputs / 2;
        var weights = layer.Weights + (column * layer.Inputs);
        var end = weights + (pairs * 2 * ModelLayout.PanelColumns);
        var input0 = (int*)input;
        var input1 = (int*)input + pairs;
        var input2 = (int*)input + (2 * pairs);
        var input3 = (int*)input + (3 * pairs);
        var input4 = (int*)input + (4 * pairs);
        var input5 = (int*)input + (5 * pairs);
        var left0 = Vector256<int>.Zero;
        var right0 = Vector256<int>.Zero;
        var left1 = Vector256<int>.Zero;
        var right1 = Vector256<int>.Zero;
        var left2 = Vector256<int>.Zero;
        var right2 = Vector256<int>.Zero;
        var left3 = Vector256<int>.Zero;
        var right3 = Vector256<int>.Zero;
        var left4 = Vector256<int>.Zero;
        var right4 = Vector256<int>.Zero;
        var left5 = Vector256<int>.Zero;
        var right5 = Vector256<int>.Zero;
        for (nint pair = 0; weights < end; pair++, weights += 2 * ModelLayout.PanelColumns)
        {
            var leftWeights = Avx2.ConvertToVector256Int16(weights);
            var rightWeights = Avx2.ConvertToVector256Int16(weights + ModelLayout.PanelColumns);
            var spread0 = Vector256.Create(input0[pair]).AsInt16();
            left0 = TMultiplyAdd.Add(left0, leftWeights, spread0);
            right0 = TMultiplyAdd.Add(right0, rightWeights, spread0);

            if (TRows.Count > 1)
            {
                var spread1 = Vector256.Create(input1[pair]).AsInt16();
                left1 = TMultiplyAdd.Add(left1, leftWeights, spread1);
                right1 = TMultiplyAdd.Add(right1, rightWeights, spread1);
            }

            if (TRows.Count > 2)
            {
                var spread2 = Vector256.Create(input2[pair]).AsInt16();
                left2 = TMultiplyAdd.Add(left2, leftWeights, spread2);
                right2 = TMultiplyAdd.Add(right2, rightWeights, spread2);
            }

            if (TRows.Count > 3)
            {
                var spread3 = Vector256.Create(input3[pair]).AsInt16();
                left3 = TMultiplyAdd.Add(left3, leftWeights, spread3);
                right3 = TMultiplyAdd.Add(right3, rightWeights, spread3);
            }

            if (TRows.Count > 4)
            {
                var spread4 = Vector256.Create(input4[pair]).AsInt16();
                left4 = TMultiplyAdd.Add(left4, leftWeights, spread4);
                right4 = TMultiplyAdd.Add(right4, rightWeights, spread4);
            }

            if (TRows.Count > 5)
            {
                var spread5 = Vector256.Create(input5[pair]).AsInt16();
                left5 = TMultiplyAdd.Add(left5, leftWeights, spread5);
                right5 = TMultiplyAdd.Add(right5, rightWeights, spread5);
            }
        }

        Store(layer, column, left0, right0, rowScales[0], output);

        if (TRows.Count > 1)
        {
            Store(layer, column, left1, right1, rowScales[1], output + layer.Outputs);
        }

        if (TRows.Count > 2)
        {
            Store(layer, column, left2, right2, rowScales[2], output + (2 * layer.Outputs));
        }

        if (TRows.Count > 3)
        {
            Store(layer, column, left3, right3, rowScales[3], output + (3 * layer.Outputs));
        }

        if (TRows.Count > 4)
        {
            Store(layer, column, left4, right4, rowScales[4], output + (4 * layer.Outputs));
        }

        if (TRows.Count > 5)
        {
            Store(layer, column, left5, right5, rowScales[5], output + (5 * layer.Outputs));
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store(in LinearLayer layer, int column, Vector256<int> left, Vector256<int> right, float rowScale, float* output)
    {
        var scale = Vector256.Create(rowScale);
        var first = Fma.MultiplyAdd(
            Avx.ConvertToVector256Single(left),
            scale * Vector256.Load(layer.Scales + column),
            Vector256.Load(layer.Biases + column)
        );
        var second = Fma.MultiplyAdd(
            Avx.ConvertToVector256Single(right),
            scale * Vector256.Load(layer.Scales + column + 8),
            Vector256.Load(layer.Biases + column + 8)
        );
        first.Store(output + column);
        second.Store(output + column + 8);
    }
}
