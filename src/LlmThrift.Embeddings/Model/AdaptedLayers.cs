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
    /// <param name="additions">For each layer, for each of its four maps: rank × inputs, then outputs × rank, whose product is added.</param>
    /// <param name="rank">The rank of what is added.</param>
    public AdaptedLayers(ReadOnlySpan<EncoderLayer> layers, ReadOnlySpan<float> additions, int rank)
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
                Adapt(layer.AttentionInput, rank, ref additions, ref next),
                Adapt(layer.AttentionOutput, rank, ref additions, ref next),
                Adapt(layer.Up, rank, ref additions, ref next),
                Adapt(layer.Down, rank, ref additions, ref next)
            );
        }
    }

    public ReadOnlySpan<EncoderLayer> Span => _layers;

    private static int BytesOf(in LinearLayer layer) =>
        ((layer.Outputs * (layer.Inputs + (2 * sizeof(float)))) + ModelLayout.Alignment - 1) & -ModelLayout.Alignment;

    private static LinearLayer Adapt(in LinearLayer layer, int rank, ref ReadOnlySpan<float> additions, ref sbyte* next)
    {
        var byInputs = additions[..(rank * layer.Inputs)];
        var byOutputs = additions.Slice(rank * layer.Inputs, layer.Outputs * rank);
        additions = additions[(rank * (layer.Inputs + layer.Outputs))..];
        var adapted = new LinearLayer(next, layer.Inputs, layer.Outputs);
        next += BytesOf(layer);
        var row = new float[layer.Inputs];
        for (var output = 0; output < layer.Outputs; output++)
        {
            layer.ReadRow(output, row);
            for (var r = 0; r < rank; r++)
            {
                PairMath.AddScaled(byInputs.Slice(r * layer.Inputs, layer.Inputs), byOutputs[(output * rank) + r], row);
            }

            adapted.WriteRow(output, row, layer.Biases[output]);
        }

        return adapted;
    }
}
