using System.Numerics;
using System.Runtime.InteropServices;
using LlmThrift.SemanticCache;

namespace LlmThrift.Evaluation.Index;

/// <summary>The ten nearest entries of each query by float arithmetic over all entries.</summary>
internal static class ExactNeighbors
{
    public const int K = 10;

    /// <summary>Goes on from the neighbours among the first entries to those among more.</summary>
    public static void Extend(VectorFile data, Neighbor[][] neighbors, int from, int to)
    {
        // A part of the entries at a time, so that they are read from memory once for all queries.
        const int Part = 512;
        for (var start = from; start < to; start += Part)
        {
            var end = Math.Min(to, start + Part);
            for (var query = 0; query < data.Queries; query++)
            {
                var nearest = neighbors[query];
                for (var i = start; i < end; i++)
                {
                    var similarity = Dot(data.Query(query), data.Entry(i));
                    if (similarity > nearest[^1].Similarity)
                    {
                        var place = K - 1;
                        for (; place > 0 && nearest[place - 1].Similarity < similarity; place--)
                        {
                            nearest[place] = nearest[place - 1];
                        }

                        nearest[place] = new Neighbor(i, similarity);
                    }
                }
            }
        }
    }

    public static float Dot(ReadOnlySpan<float> left, ReadOnlySpan<float> right)
    {
        var lefts = MemoryMarshal.Cast<float, Vector<float>>(left);
        var rights = MemoryMarshal.Cast<float, Vector<float>>(right);
        var even = Vector<float>.Zero;
        var odd = Vector<float>.Zero;
        var i = 0;
        for (; i + 1 < lefts.Length; i += 2)
        {
            even += lefts[i] * rights[i];
            odd += lefts[i + 1] * rights[i + 1];
        }

        var dot = Vector.Sum(even + odd);
        for (i *= Vector<float>.Count; i < left.Length; i++)
        {
            dot += left[i] * right[i];
        }

        return dot;
    }
}
