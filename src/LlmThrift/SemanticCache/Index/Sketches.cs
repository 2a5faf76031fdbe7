using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace LlmThrift.SemanticCache;

/// <summary>
/// One bit a component: estimates the similarity of 32 entries at once from the signs of their difference from their list's centroid.
/// </summary>
/// <remarks>
/// The estimator is that of RaBitQ (Gao and Long, SIGMOD 2024): with r the difference and s its signs, q·r is near (q·s) × |r|² / Σ|r|, without bias and with
/// an error that shrinks with the number of components. The sum q·s is looked up four components at a time, as in fast scanning of product
/// quantisers (André et al., VLDB 2015): a table of 16 sums for each four, rounded to 7 bits, sits in a register and serves 32 entries.
/// </remarks>
internal static class Sketches
{
    private const int Entries = VectorLayout.FullBlock;

    /// <summary>Bytes of the tables of a query.</summary>
    public static int TableBytes(int stride) => stride / 4 * 32;

    /// <summary>Bytes of the sketches of a block.</summary>
    public static int BlockBytes(int stride) => stride / 8 * Entries;

    /// <summary>Writes the signs of a vector's difference from an origin and returns the factor that turns q·s into an estimate of q·r.</summary>
    public static float Write(ReadOnlySpan<float> vector, ReadOnlySpan<float> origin, Span<byte> sketches, int slot)
    {
        // Entries 0 to 15 at the even bytes, 16 to 31 at the odd ones: so the sums of bytes come out in order.
        var place = slot < 16 ? 2 * slot : (2 * (slot - 16)) + 1;
        var squares = 0f;
        var magnitudes = 0f;
        for (var group = 0; group < vector.Length / 8; group++)
        {
            var bits = 0;
            for (var i = 0; i < 8; i++)
            {
                var difference = vector[(8 * group) + i] - origin[(8 * group) + i];
                squares += difference * difference;
                magnitudes += MathF.Abs(difference);
                bits |= difference > 0 ? 1 << i : 0;
            }

            sketches[(group * Entries) + place] = (byte)bits;
        }

        return magnitudes > 0 ? squares / magnitudes : 0;
    }

    /// <summary>Fills a query's tables; a sum of looked-up bytes times the step, plus the base, is q·s.</summary>
    public static (float Step, float Base) FillTables(ReadOnlySpan<float> query, Span<byte> tables)
    {
        var widest = 0f;
        var total = 0f;
        for (var group = 0; group < query.Length; group += 4)
        {
            var reach = MathF.Abs(query[group]) + MathF.Abs(query[group + 1]) + MathF.Abs(query[group + 2]) + MathF.Abs(query[group + 3]);
            widest = MathF.Max(widest, reach);
            total += reach;
        }

        // Two looked-up bytes are added as bytes, and all of them as 16 bits.
        var step = 2 * widest / Math.Min(127, ushort.MaxValue / (query.Length / 4));
        var inverse = 1 / step;
        Span<float> sums = stackalloc float[16];
        for (var group = 0; group < query.Length; group += 4)
        {
            sums[0] = 0;
            for (var i = 0; i < 4; i++)
            {
                var component = 2 * query[group + i] * inverse;
                for (var set = 0; set < 1 << i; set++)
                {
                    sums[set + (1 << i)] = sums[set] + component;
                }
            }

            var least = 0f;
            for (var i = 0; i < 4; i++)
            {
                least += MathF.Min(0, 2 * query[group + i] * inverse);
            }

            var table = tables.Slice(group / 4 * 32, 32);
            for (var set = 0; set < 16; set++)
            {
                table[set] = table[16 + set] = (byte)MathF.Round(sums[set] - least);
            }
        }

        return (step, -total);
    }

    /// <summary>Which of a block's 32 entries may be more similar to the query than a threshold: a bit for each.</summary>
    public static uint MayExceed(ReadOnlySpan<byte> sketches, SketchQuery query, ReadOnlySpan<float> factors, float threshold)
    {
        Vector256<ushort> first;
        Vector256<ushort> second;
        if (Avx2.IsSupported)
        {
            SumsAvx2(sketches, query.Tables, out first, out second);
        }
        else
        {
            SumsPortable(sketches, query.Tables, out first, out second);
        }

        return Exceeds(first, factors, query, threshold) | (Exceeds(second, factors[16..], query, threshold) << 16);
    }

    internal static void SumsAvx2(
        ReadOnlySpan<byte> sketches,
        ReadOnlySpan<byte> tables,
        out Vector256<ushort> first,
        out Vector256<ushort> second
    )
    {
        ref var sketch = ref MemoryMarshal.GetReference(sketches);
        ref var table = ref MemoryMarshal.GetReference(tables);
        var low = Vector256.Create((byte)15);
        var even = Vector256.Create((ushort)255);

        // In locals, which stay in registers; what is behind a reference would be written and read each time.
        var sumsOfFirst = Vector256<ushort>.Zero;
        var sumsOfSecond = Vector256<ushort>.Zero;
        for (nuint at = 0; at < (nuint)sketches.Length; at += Entries)
        {
            var bits = Vector256.LoadUnsafe(ref sketch, at);
            var sums =
                Avx2.Shuffle(Vector256.LoadUnsafe(ref table, 2 * at), bits & low)
                + Avx2.Shuffle(Vector256.LoadUnsafe(ref table, (2 * at) + 32), (bits.AsUInt16() >>> 4).AsByte() & low);
            sumsOfFirst += sums.AsUInt16() & even;
            sumsOfSecond += sums.AsUInt16() >>> 8;
        }

        (first, second) = (sumsOfFirst, sumsOfSecond);
    }

    internal static void SumsPortable(
        ReadOnlySpan<byte> sketches,
        ReadOnlySpan<byte> tables,
        out Vector256<ushort> first,
        out Vector256<ushort> second
    )
    {
        Span<ushort> sums = stackalloc ushort[Entries];
        sums.Clear();
        for (var at = 0; at < sketches.Length; at += Entries)
        {
            for (var i = 0; i < Entries; i++)
            {
                var bits = sketches[at + i];
                sums[(i / 2) + (16 * (i % 2))] += (ushort)(tables[(2 * at) + (bits & 15)] + tables[(2 * at) + 32 + (bits >> 4)]);
            }
        }

        first = Vector256.Create<ushort>(sums);
        second = Vector256.Create<ushort>(sums[16..]);
    }

    private static uint Exceeds(Vector256<ushort> sums, ReadOnlySpan<float> factors, SketchQuery query, float threshold)
    {
        var (low, high) = Vector256.Widen(sums);
        return Exceeds(low, factors, query, threshold) | (Exceeds(high, factors[8..], query, threshold) << 8);
    }

    private static uint Exceeds(Vector256<uint> sums, ReadOnlySpan<float> factors, SketchQuery query, float threshold)
    {
        var signed = (Vector256.ConvertToSingle(sums.AsInt32()) * query.Step) + Vector256.Create(query.Shift);
        return Vector256.GreaterThan(signed * Vector256.Create(factors), Vector256.Create(threshold)).ExtractMostSignificantBits();
    }
}
