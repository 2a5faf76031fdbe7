namespace LlmThrift.SemanticCache;

/// <summary>The centroids of up to 64 lists, one after another, so that all centroids are compared with a query in one sweep.</summary>
/// <remarks>A centroid is the mean of its list's unit vectors, not scaled to length one: the shorter it is, the wider they are spread.</remarks>
internal sealed class CentroidBlock(int stride)
{
    public const int Capacity = 64;

    private readonly sbyte[] _codes = new sbyte[Capacity * stride];

    public float[] Scales { get; } = new float[Capacity];

    /// <summary>Gets the root mean square distance of each list's entries from their centroid.</summary>
    public float[] Spreads { get; } = new float[Capacity];

    public long SizeInBytes => 32 + 24 + _codes.Length + (2 * (24 + (sizeof(float) * Capacity)));

    public ReadOnlySpan<sbyte> Codes(int count) => _codes.AsSpan(0, count * stride);

    public ReadOnlySpan<sbyte> CodesOf(int slot) => _codes.AsSpan(slot * stride, stride);

    public CentroidBlock With(int slot, ReadOnlySpan<sbyte> codes, float scale, float spread)
    {
        var block = new CentroidBlock(stride);
        _codes.CopyTo(block._codes, 0);
        Scales.CopyTo(block.Scales, 0);
        Spreads.CopyTo(block.Spreads, 0);
        codes.CopyTo(block._codes.AsSpan(slot * stride));
        block.Scales[slot] = scale;
        block.Spreads[slot] = spread;
        return block;
    }
}
