namespace LlmThrift.SemanticCache;

/// <summary>What sketches are compared with: a query's look-up tables, in memory of the caller.</summary>
internal readonly ref struct SketchQuery
{
    // The standard error of an estimate in factors, measured: near sqrt(π/2 − 1) for a vector of length one.
    private const float StandardError = 0.75f;

    public SketchQuery(ReadOnlySpan<float> query, Span<byte> tables, float slack)
    {
        (Step, var origin) = Sketches.FillTables(query, tables);
        Tables = tables;
        Shift = origin + (StandardError * slack);
    }

    public ReadOnlySpan<byte> Tables { get; }

    public float Step { get; }

    public float Shift { get; }
}
