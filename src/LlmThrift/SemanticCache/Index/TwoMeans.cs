namespace LlmThrift.SemanticCache;

/// <summary>Divides vectors into two halves about two means (Lloyd's algorithm for k = 2), neither smaller than a quarter.</summary>
/// <remarks>
/// It begins with the vector farthest from the mean and the one farthest from that, so it needs no randomness. With two means, what counts of a
/// vector is its projection on their difference; the bound on the smaller half also divides vectors that are all the same.
/// </remarks>
internal static class TwoMeans
{
    private const int Rounds = 6;

    /// <summary>Divides.</summary>
    /// <param name="vectors">The vectors, one after another.</param>
    /// <param name="stride">Components of a vector.</param>
    /// <param name="first">Receives the mean of the first half.</param>
    /// <param name="second">Receives the mean of the second half.</param>
    /// <returns>Which vectors are in the second half.</returns>
    public static bool[] Divide(ReadOnlySpan<float> vectors, int stride, Span<float> first, Span<float> second)
    {
        var count = vectors.Length / stride;
        var projections = new float[count];
        var order = new int[count];
        var isSecond = new bool[count];
        var direction = new float[stride];

        for (var i = 0; i < count; i++)
        {
            FloatKernels.AddTo(direction, Row(vectors, stride, i), 1f / count);
        }

        Row(vectors, stride, Farthest(vectors, stride, direction)).CopyTo(first);
        Row(vectors, stride, Farthest(vectors, stride, first)).CopyTo(second);
        for (var round = 0; round < Rounds; round++)
        {
            second.CopyTo(direction);
            FloatKernels.AddTo(direction, first, -1);
            var middle = (FloatKernels.Dot(second, second) - FloatKernels.Dot(first, first)) / 2;
            for (var i = 0; i < count; i++)
            {
                projections[i] = FloatKernels.Dot(Row(vectors, stride, i), direction) - middle;
                order[i] = i;
            }

            Array.Sort(projections, order);
            var boundary = 0;
            while (boundary < count && projections[boundary] <= 0)
            {
                boundary++;
            }

            boundary = Math.Clamp(boundary, (count + 3) / 4, count - ((count + 3) / 4));
            first.Clear();
            second.Clear();
            for (var i = 0; i < count; i++)
            {
                isSecond[order[i]] = i >= boundary;
                var share = i >= boundary ? count - boundary : boundary;
                FloatKernels.AddTo(i >= boundary ? second : first, Row(vectors, stride, order[i]), 1f / share);
            }
        }

        return isSecond;
    }

    // Among vectors of one length, the one with the least dot product.
    private static int Farthest(ReadOnlySpan<float> vectors, int stride, ReadOnlySpan<float> from)
    {
        var farthest = 0;
        var least = float.MaxValue;
        for (var i = 0; i < vectors.Length / stride; i++)
        {
            var dot = FloatKernels.Dot(Row(vectors, stride, i), from);
            if (dot < least)
            {
                (farthest, least) = (i, dot);
            }
        }

        return farthest;
    }

    private static ReadOnlySpan<float> Row(ReadOnlySpan<float> vectors, int stride, int i) => vectors.Slice(i * stride, stride);
}
