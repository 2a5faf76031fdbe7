using System.Runtime.InteropServices;
using LlmThrift.Embeddings.Model;

namespace MiniLmConverter;

/// <summary>A linear map: a row of weights and a bias for each output.</summary>
internal sealed record Linear(float[] Weights, float[] Biases, int Inputs)
{
    public static Linear Read(SafeTensors tensors, string name, int outputs, int inputs) =>
        new(tensors.Read(name + ".weight", outputs, inputs), tensors.Read(name + ".bias", outputs), inputs);

    public Linear Times(float factor) => new([.. Weights.Select(w => w * factor)], [.. Biases.Select(b => b * factor)], Inputs);

    /// <summary>The outputs of this one, then those of the other.</summary>
    public Linear Then(Linear other) => new([.. Weights, .. other.Weights], [.. Biases, .. other.Biases], Inputs);

    /// <summary>Panels of 16 outputs; in a panel, for every two inputs, the 16 outputs' two weights. Then scales and biases.</summary>
    public byte[] Pack()
    {
        var outputs = Biases.Length;
        var scales = new float[outputs];
        var packed = new sbyte[Weights.Length];
        for (var output = 0; output < outputs; output++)
        {
            var row = Weights.AsSpan(output * Inputs, Inputs);
            var largest = 0f;
            foreach (var weight in row)
            {
                largest = MathF.Max(largest, MathF.Abs(weight));
            }

            scales[output] = largest / sbyte.MaxValue;
            var (panel, column) = Math.DivRem(output, ModelLayout.PanelColumns);
            for (var input = 0; input < Inputs; input++)
            {
                var place =
                    (panel * ModelLayout.PanelColumns * Inputs) + (input / 2 * 2 * ModelLayout.PanelColumns) + (2 * column) + (input % 2);
                packed[place] = (sbyte)MathF.Round(row[input] / scales[output]);
            }
        }

        return
        [
            .. MemoryMarshal.AsBytes(packed.AsSpan()),
            .. MemoryMarshal.AsBytes(scales.AsSpan()),
            .. MemoryMarshal.AsBytes(Biases.AsSpan()),
        ];
    }
}
