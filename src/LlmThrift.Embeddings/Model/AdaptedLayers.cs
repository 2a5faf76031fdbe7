using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using LlmThrift.Embeddings.Pairs;

namespace LlmThrift.Embeddings.Model;

/// <summary>The layers of an encoder with a matrix of low rank added to each linear map, in memory of their own. Immutable.</summary>
internal sealed unsafe class AdaptedLayers
{
    // Pinned, so that the layers' pointers into it stay good; it lives as long as this object.
    private readonly byte[] _memory;
    private readonly EncoderLayer[] _layers;

    /// <param name="layers">What is added to. Their normalisations are used as they are.</param>
    /// <param name="codes">For each layer, for each of its four maps: rank × inputs, then rank × outputs, whose product is added.</param>
    /// <param name="scales">What a step of the codes stands for, for each row of them.</param>
    /// <param name="rank">The rank of what is added.</param>
    public AdaptedLayers(ReadOnlySpan<EncoderLayer> layers, ReadOnlySpan<sbyte> codes, ReadOnlySpan<float> scales, int rank)
    {
        var bytes = 0;
        foreach (ref readonly var layer in layers)
        {
            bytes += BytesOf(layer.AttentionInput) + BytesOf(layer.AttentionOutput) + BytesOf(layer.Up) + BytesOf(layer.Down);
        }

        _memory = GC.AllocateUninitializedArray<byte>(bytes + ModelLayout.Alignment, pinned: true);
        var start = (nuint)Unsafe.AsPointer(ref MemoryMarshal.GetArrayDataReference(_memory));
        var next = (sbyte*)((start + ModelLayout.Alignment - 1) & ~(nuint)(ModelLayout.Alignment - 1));
        _layers = new EncoderLayer[layers.Length];
        for (var i = 0; i < layers.Length; i++)
        {
            ref readonly var layer = ref layers[i];
            _layers[i] = new EncoderLayer(
                layer,
                Adapt(layer.AttentionInput, rank, ref codes, ref scales, ref next),
                Adapt(layer.AttentionOutput, rank, ref codes, ref scales, ref next),
                Adapt(layer.Up, rank, ref codes, ref scales, ref next),
                Adapt(layer.Down, rank, ref codes, ref scales, ref next)
            );
        }
    }

    public ReadOnlySpan<EncoderLayer> Span => _layers;

    private static int BytesOf(in LinearLayer layer) =>
        ((layer.Outputs * (layer.Inputs + (2 * sizeof(float)))) + ModelLayout.Alignment - 1) & -ModelLayout.Alignment;

    private static LinearLayer Adapt(
        in LinearLayer layer,
        int rank,
        ref ReadOnlySpan<sbyte> codes,
        ref ReadOnlySpan<float> scales,
        ref sbyte* next
    )
    {
        var byInputs = Take(rank, layer.Inputs, ref codes, ref scales);
        var byOutputs = Take(rank, layer.Outputs, ref codes, ref scales);
        var adapted = new LinearLayer(next, layer.Inputs, layer.Outputs);
        next += BytesOf(layer);
        var row = new float[layer.Inputs];
        for (var output = 0; output < layer.Outputs; output++)
        {
            layer.ReadRow(output, row);
            for (var r = 0; r < rank; r++)
            {
                PairMath.AddScaled(byInputs.AsSpan(r * layer.Inputs, layer.Inputs), byOutputs[(r * layer.Outputs) + output], row);
            }

            adapted.WriteRow(output, row, layer.Biases[output]);
        }

        return adapted;
    }

    private static float[] Take(int rows, int columns, ref ReadOnlySpan<sbyte> codes, ref ReadOnlySpan<float> scales)
    {
        var values = new float[rows * columns];
        for (var i = 0; i < values.Length; i++)
        {
            values[i] = codes[i] * scales[i / columns];
        }

        codes = codes[values.Length..];
        scales = scales[rows..];
        return values;
    }
}
