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
}
