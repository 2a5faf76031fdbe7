namespace LlmThrift.Embeddings.Model;

/// <summary>A linear map with weights of 8 bits: <c>y[o] = scale[o] · Σ w[o, i] · x[i] + bias[o]</c>.</summary>
/// <remarks>The weights lie in panels of 16 outputs; in a panel, for every two inputs, the 16 outputs' two weights.</remarks>
internal readonly unsafe struct LinearLayer
{
    public readonly sbyte* Weights;
    public readonly float* Scales;
    public readonly float* Biases;
    public readonly int Inputs;
    public readonly int Outputs;

    public LinearLayer(ModelFile file, int part, int inputs, int outputs)
        : this(file.Part<sbyte>(part, outputs * (inputs + (2 * sizeof(float)))), inputs, outputs) { }

    public LinearLayer(sbyte* packed, int inputs, int outputs)
    {
        Weights = packed;
        Scales = (float*)(packed + (inputs * outputs));
        Biases = Scales + outputs;
        Inputs = inputs;
        Outputs = outputs;
    }

    /// <summary>Writes the weights of an output as floats.</summary>
    /// <param name="output">Which.</param>
    /// <param name="row">Takes a weight for each input.</param>
    public void ReadRow(int output, Span<float> row)
    {
        for (var input = 0; input < Inputs; input++)
        {
            row[input] = Scales[output] * Weights[PlaceOf(output, input)];
        }
    }

    /// <summary>Rounds the weights of an output to 8 bits and sets them, with its bias.</summary>
    public void WriteRow(int output, ReadOnlySpan<float> row, float bias)
    {
        var most = 0f;
        foreach (var weight in row)
        {
            most = Math.Max(most, Math.Abs(weight));
        }

        var factor = most > 0 ? sbyte.MaxValue / most : 0;
        for (var input = 0; input < Inputs; input++)
        {
            Weights[PlaceOf(output, input)] = (sbyte)MathF.Round(row[input] * factor);
        }

        Scales[output] = most / sbyte.MaxValue;
        Biases[output] = bias;
    }

    private int PlaceOf(int output, int input)
    {
        var (panel, column) = Math.DivRem(output, ModelLayout.PanelColumns);
        return (panel * ModelLayout.PanelColumns * Inputs) + (input / 2 * 2 * ModelLayout.PanelColumns) + (2 * column) + (input % 2);
    }
}
