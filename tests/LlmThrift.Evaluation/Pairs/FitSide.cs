using LlmThrift.Embeddings.Pairs;

namespace LlmThrift.Evaluation.Pairs;

/// <summary>What one question comes to while a pair is gone through forwards and backwards, a row a token.</summary>
internal sealed class FitSide
{
    private const int Tokens = PairLayout.MaxTokens;

    public int[] Ids { get; set; } = [];

    public int Count => Ids.Length;

    public float[] Keys { get; } = new float[Tokens * PairLayout.Key];

    public float[] Directions { get; } = new float[Tokens * PairLayout.Key];

    public float[] Found { get; } = new float[Tokens * PairLayout.Key];

    public float[] Lengths { get; } = new float[Tokens];

    /// <summary>Rows of the table, some values dropped.</summary>
    public float[] Bases { get; } = new float[Tokens * TokenTable.Components];

    /// <summary>Products and differences of key and what was found, some dropped.</summary>
    public float[] Both { get; } = new float[Tokens * 2 * PairLayout.Key];

    /// <summary>What each of <see cref="Both"/> was multiplied by: 0 when dropped.</summary>
    public float[] BothKept { get; } = new float[Tokens * 2 * PairLayout.Key];

    public float[] Compared { get; } = new float[Tokens * PairLayout.Compared];

    public float[] Sums { get; } = new float[PairLayout.Compared];

    public float[] Peaks { get; } = new float[PairLayout.Compared];

    /// <summary>The token of each peak.</summary>
    public int[] PeakTokens { get; } = new int[PairLayout.Compared];

    public float[] KeyGradients { get; } = new float[Tokens * PairLayout.Key];

    public float[] DirectionGradients { get; } = new float[Tokens * PairLayout.Key];

    public float[] FoundGradients { get; } = new float[Tokens * PairLayout.Key];

    public float[] SumGradients { get; } = new float[PairLayout.Compared];

    public float[] PeakGradients { get; } = new float[PairLayout.Compared];

    public static Span<float> Row(float[] rows, int row, int width) => rows.AsSpan(row * width, width);

    public void Clear()
    {
        foreach (var values in (ReadOnlySpan<float[]>)[Keys, Directions, Found, KeyGradients, DirectionGradients, FoundGradients])
        {
            values.AsSpan(0, Count * PairLayout.Key).Clear();
        }

        Sums.AsSpan().Clear();
        Peaks.AsSpan().Clear();
        PeakTokens.AsSpan().Clear();
    }
}
