namespace LlmThrift.Embeddings.Kernels;

/// <summary>How many rows a block has, known when the code is compiled, so that each count has code of its own from one source.</summary>
internal interface IRowCount
{
    static abstract int Count { get; }
}

internal readonly struct OneRow : IRowCount
{
    public static int Count => 1;
}

internal readonly struct TwoRows : IRowCount
{
    public static int Count => 2;
}

internal readonly struct ThreeRows : IRowCount
{
    public static int Count => 3;
}

internal readonly struct FourRows : IRowCount
{
    public static int Count => 4;
}

internal readonly struct FiveRows : IRowCount
{
    public static int Count => 5;
}

internal readonly struct SixRows : IRowCount
{
    public static int Count => 6;
}

/// <summary>Cuts rows into blocks.</summary>
internal static class RowBlocks
{
    /// <summary>The most rows of a block: six rows of sixteen columns fill twelve of the sixteen registers of AVX2.</summary>
    public const int MaxRows = 6;

    /// <summary>The rows of the next block, so that the blocks are as even as can be.</summary>
    public static int Next(int rowsLeft) => (rowsLeft + ((rowsLeft + MaxRows - 1) / MaxRows) - 1) / ((rowsLeft + MaxRows - 1) / MaxRows);
}
