using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using LlmThrift.Embeddings.Model;

namespace LlmThrift.Embeddings.Kernels;

/// <summary>As <see cref="Avx2Kernel{TMultiplyAdd}"/>, 512 bits wide: a register holds a pair of weights of all sixteen columns.</summary>
/// <remarks>Two pairs of inputs at a time, with sums of their own, so that one addition need not wait for the one before.</remarks>
internal sealed unsafe class Avx512Kernel : LinearKernel
{
    public override string Name => "AVX-512";

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
        var first0 = Vector512<int>.Zero;
        var second0 = Vector512<int>.Zero;
        var first1 = Vector512<int>.Zero;
        var second1 = Vector512<int>.Zero;
        var first2 = Vector512<int>.Zero;
        var second2 = Vector512<int>.Zero;
        var first3 = Vector512<int>.Zero;
        var second3 = Vector512<int>.Zero;
        var first4 = Vector512<int>.Zero;
        var second4 = Vector512<int>.Zero;
        var first5 = Vector512<int>.Zero;
        var second5 = Vector512<int>.Zero;
        for (nint pair = 0; weights < end; pair += 2, weights += 4 * ModelLayout.PanelColumns)
        {
            var firstWeights = Avx512BW.ConvertToVector512Int16(Vector256.Load(weights));
            var secondWeights = Avx512BW.ConvertToVector512Int16(Vector256.Load(weights + (2 * ModelLayout.PanelColumns)));
            first0 += Avx512BW.MultiplyAddAdjacent(firstWeights, Vector512.Create(input0[pair]).AsInt16());
            second0 += Avx512BW.MultiplyAddAdjacent(secondWeights, Vector512.Create(input0[pair + 1]).AsInt16());

            if (TRows.Count > 1)
            {
                first1 += Avx512BW.MultiplyAddAdjacent(firstWeights, Vector512.Create(input1[pair]).AsInt16());
                second1 += Avx512BW.MultiplyAddAdjacent(secondWeights, Vector512.Create(input1[pair + 1]).AsInt16());
            }

            if (TRows.Count > 2)
            {
                first2 += Avx512BW.MultiplyAddAdjacent(firstWeights, Vector512.Create(input2[pair]).AsInt16());
                second2 += Avx512BW.MultiplyAddAdjacent(secondWeights, Vector512.Create(input2[pair + 1]).AsInt16());
            }

            if (TRows.Count > 3)
            {
                first3 += Avx512BW.MultiplyAddAdjacent(firstWeights, Vector512.Create(input3[pair]).AsInt16());
                second3 += Avx512BW.MultiplyAddAdjacent(secondWeights, Vector512.Create(input3[pair + 1]).AsInt16());
            }

            if (TRows.Count > 4)
            {
                first4 += Avx512BW.MultiplyAddAdjacent(firstWeights, Vector512.Create(input4[pair]).AsInt16());
                second4 += Avx512BW.MultiplyAddAdjacent(secondWeights, Vector512.Create(input4[pair + 1]).AsInt16());
            }

            if (TRows.Count > 5)
            {
                first5 += Avx512BW.MultiplyAddAdjacent(firstWeights, Vector512.Create(input5[pair]).AsInt16());
                second5 += Avx512BW.MultiplyAddAdjacent(secondWeights, Vector512.Create(input5[pair + 1]).AsInt16());
            }
        }

        Store(layer, column, first0 + second0, rowScales[0], output);

        if (TRows.Count > 1)
        {
            Store(layer, column, first1 + second1, rowScales[1], output + layer.Outputs);
        }

        if (TRows.Count > 2)
        {
            Store(layer, column, first2 + second2, rowScales[2], output + (2 * layer.Outputs));
        }

        if (TRows.Count > 3)
        {
            Store(layer, column, first3 + second3, rowScales[3], output + (3 * layer.Outputs));
        }

        if (TRows.Count > 4)
        {
            Store(layer, column, first4 + second4, rowScales[4], output + (4 * layer.Outputs));
        }

        if (TRows.Count > 5)
        {
            Store(layer, column, first5 + second5, rowScales[5], output + (5 * layer.Outputs));
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store(in LinearLayer layer, int column, Vector512<int> sums, float rowScale, float* output) =>
        Avx512F
            .FusedMultiplyAdd(
                Avx512F.ConvertToVector512Single(sums),
                Vector512.Create(rowScale) * Vector512.Load(layer.Scales + column),
                Vector512.Load(layer.Biases + column)
            )
            .Store(output + column);
}
