namespace LlmThrift.Tests.SemanticCache.Index;

/// <summary>Unit vectors in clusters, as embeddings lie, from a seed.</summary>
internal sealed class TestVectors
{
    private readonly Random _random;
    private readonly float[][] _centers;

    public TestVectors(int dimensions, int seed, int clusters = 20)
    {
        _random = new Random(seed);
        _centers = [.. Enumerable.Range(0, clusters).Select(_ => Gaussian(dimensions))];
    }

    public static float Cosine(float[] left, float[] right)
    {
        var (dot, leftSquares, rightSquares) = (0.0, 0.0, 0.0);
        for (var i = 0; i < left.Length; i++)
        {
            dot += (double)left[i] * right[i];
            leftSquares += (double)left[i] * left[i];
            rightSquares += (double)right[i] * right[i];
        }

        return (float)(dot / Math.Sqrt(leftSquares * rightSquares));
    }

    public float[] Next()
    {
        var center = _centers[_random.Next(_centers.Length)];
        var offset = Gaussian(center.Length);
        return Unit([.. center.Zip(offset, (c, o) => c + o)]);
    }

    public float[][] Next(int count) => [.. Enumerable.Range(0, count).Select(_ => Next())];

    private static float[] Unit(float[] vector)
    {
        var length = MathF.Sqrt(vector.Sum(x => x * x));
        return [.. vector.Select(x => x / length)];
    }

    private float[] Gaussian(int dimensions) =>
        [
            .. Enumerable
                .Range(0, dimensions)
                .Select(_ => (float)(Math.Sqrt(-2 * Math.Log(1 - _random.NextDouble())) * Math.Cos(2 * Math.PI * _random.NextDouble()))),
        ];
}
