namespace LlmThrift.SemanticCache;

/// <summary>A unit vector as floats and as 8-bit codes, in memory of the caller.</summary>
internal readonly ref struct QueryVector
{
    public QueryVector(ReadOnlySpan<float> unit, Span<sbyte> codes)
    {
        Values = unit;
        Scale = VectorLayout.Quantize(unit, codes);
        Codes = codes;
        foreach (var value in unit)
        {
            Sum += value;
        }
    }

    public ReadOnlySpan<float> Values { get; }

    public ReadOnlySpan<sbyte> Codes { get; }

    public float Scale { get; }

    public float Sum { get; }
}
