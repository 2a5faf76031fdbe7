namespace LlmThrift.Embeddings.Tests;

internal static class Cosine
{
    public static double Of(ReadOnlySpan<float> one, ReadOnlySpan<float> other)
    {
        double product = 0,
            first = 0,
            second = 0;
        for (var i = 0; i < one.Length; i++)
        {
            product += (double)one[i] * other[i];
            first += (double)one[i] * one[i];
            second += (double)other[i] * other[i];
        }

        return product / Math.Sqrt(first * second);
    }
}
