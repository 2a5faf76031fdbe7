namespace LlmThrift.SemanticCache;

/// <summary>The two centroids that a divided list leaves.</summary>
internal sealed class Halves(int stride)
{
    private readonly float[] _means = new float[2 * stride];
    private readonly sbyte[] _codes = new sbyte[2 * stride];
    private readonly float[] _scales = new float[2];
    private readonly float[] _spreads = new float[2];

    public Span<float> Mean(int half) => _means.AsSpan(half * stride, stride);

    public ReadOnlySpan<sbyte> Codes(int half) => _codes.AsSpan(half * stride, stride);

    public float Scale(int half) => _scales[half];

    public float Spread(int half) => _spreads[half];

    /// <summary>Rounds the means as they will be kept. Of unit vectors, the mean's length says how far they lie from it.</summary>
    public void Measure()
    {
        for (var half = 0; half < 2; half++)
        {
            _scales[half] = VectorLayout.Quantize(Mean(half), _codes.AsSpan(half * stride, stride));
            _spreads[half] = MathF.Sqrt(MathF.Max(0, 1 - FloatKernels.Dot(Mean(half), Mean(half))));
        }
    }

    /// <summary>The centroid as it is kept, in floats.</summary>
    public float[] Origin(int half)
    {
        var origin = new float[stride];
        for (var i = 0; i < stride; i++)
        {
            origin[i] = Codes(half)[i] * _scales[half];
        }

        return origin;
    }

    /// <summary>How near a vector is to a mean: the greater, the nearer.</summary>
    public float Nearness(int half, ReadOnlySpan<float> vector) =>
        FloatKernels.Dot(Mean(half), vector) - ((1 - (_spreads[half] * _spreads[half])) / 2);
}
