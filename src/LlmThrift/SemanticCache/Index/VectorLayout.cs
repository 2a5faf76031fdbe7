using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace LlmThrift.SemanticCache;

/// <summary>How entries lie in a block of bytes, and how a unit vector is packed into 12 bits a component.</summary>
/// <remarks>
/// A block of <c>n</c> entries is: n rows of 8-bit codes, n rows of 4-bit residuals, n scales, n ids. The sketches of all blocks of a list lie one after
/// another in an array of their own: for each block the sketches, then their n factors, see <see cref="Sketches"/>. A component is
/// <c>scale × (code + (residual − 7.5) / 16)</c> with <c>scale = greatest component / 127</c>. The codes alone are scanned; the residuals
/// are read for the best few, which leaves an error of the cosine near 0.00003. A row is padded with zeros to a multiple of 32 components.
/// </remarks>
internal readonly struct VectorLayout(int dimensions)
{
    public const int FullBlock = 32;

    public int Dimensions { get; } = dimensions;

    public int Stride { get; } = (dimensions + 31) & ~31;

    public int EntrySize => Stride + (Stride / 2) + sizeof(float) + sizeof(int);

    public int CapacityOf(byte[] block) => Math.Min(FullBlock, block.Length / EntrySize);

    public ReadOnlySpan<sbyte> Codes(byte[] block, int count) => MemoryMarshal.Cast<byte, sbyte>(block.AsSpan(0, count * Stride));

    public Span<float> Scales(byte[] block)
    {
        var capacity = CapacityOf(block);
        return MemoryMarshal.Cast<byte, float>(block.AsSpan(capacity * (Stride + (Stride / 2)), capacity * sizeof(float)));
    }

    public Span<int> Ids(byte[] block)
    {
        var capacity = CapacityOf(block);
        return MemoryMarshal.Cast<byte, int>(block.AsSpan(capacity * (EntrySize - sizeof(int)), capacity * sizeof(int)));
    }

    /// <summary>Bytes of the sketches of a full block, with their factors.</summary>
    public int SketchesSize => Sketches.BlockBytes(Stride) + (FullBlock * sizeof(float));

    /// <summary>The sketches of a full block.</summary>
    public Span<byte> SketchesOf(byte[] sketches, int block) => sketches.AsSpan(block * SketchesSize, Sketches.BlockBytes(Stride));

    /// <summary>The factors of a full block's sketches.</summary>
    public Span<float> Factors(byte[] sketches, int block) =>
        MemoryMarshal.Cast<byte, float>(sketches.AsSpan((block * SketchesSize) + Sketches.BlockBytes(Stride), FullBlock * sizeof(float)));

    /// <summary>Makes a block. Full ones lie on the pinned heap, where the collector neither moves nor copies them.</summary>
    public byte[] NewBlock(int capacity) => GC.AllocateUninitializedArray<byte>(capacity * EntrySize, pinned: capacity == FullBlock);

    /// <summary>Begins to load the sketches of a block, while those before are scanned.</summary>
    public void PrefetchSketches(byte[] sketches, int block)
    {
        if ((block + 1) * SketchesSize <= sketches.Length)
        {
            Prefetch(ref sketches[block * SketchesSize], SketchesSize);
        }
    }

    /// <summary>Begins to load what comparing an entry of a full block by its codes reads, while something else is done.</summary>
    public void PrefetchCodes(byte[] block, int slot)
    {
        ref var start = ref MemoryMarshal.GetArrayDataReference(block);
        Prefetch(ref start, 1);
        Prefetch(ref Unsafe.Add(ref start, (FullBlock * (Stride + (Stride / 2))) + (slot * sizeof(float))), 1);
        Prefetch(ref Unsafe.Add(ref start, slot * Stride), Stride);
    }

    /// <summary>Begins to load the rest of an entry of a full block.</summary>
    public void PrefetchResiduals(byte[] block, int slot)
    {
        ref var start = ref MemoryMarshal.GetArrayDataReference(block);
        Prefetch(ref Unsafe.Add(ref start, (FullBlock * Stride) + (slot * (Stride / 2))), Stride / 2);
        Prefetch(ref Unsafe.Add(ref start, (FullBlock * (EntrySize - sizeof(int))) + (slot * sizeof(int))), 1);
    }

    // A hint: should the collector move the array meanwhile, nothing is gained, and nothing harmed.
    private static unsafe void Prefetch(ref byte from, int length)
    {
        if (Sse.IsSupported)
        {
            var start = (byte*)Unsafe.AsPointer(ref from);
            for (var at = 0; at < length; at += 64)
            {
                Sse.Prefetch0(start + at);
            }
        }
    }

    /// <summary>Packs a vector of <see cref="Stride"/> components.</summary>
    public void Write(byte[] block, int slot, int id, ReadOnlySpan<float> vector)
    {
        var codes = MemoryMarshal.Cast<byte, sbyte>(CodeRow(block, slot));
        var residuals = ResidualRow(block, slot);
        var scale = Quantize(vector, codes);
        var inverse = scale > 0 ? 1 / scale : 0;
        for (var group = 0; group < Stride; group += 32)
        {
            for (var i = 0; i < 16; i++)
            {
                var low = Residual(vector[group + i] * inverse, codes[group + i]);
                var high = Residual(vector[group + 16 + i] * inverse, codes[group + 16 + i]);
                residuals[(group / 2) + i] = (byte)(low | (high << 4));
            }
        }

        Scales(block)[slot] = scale;
        Ids(block)[slot] = id;
    }

    public void Copy(byte[] source, int sourceSlot, byte[] target, int targetSlot)
    {
        CodeRow(source, sourceSlot).CopyTo(CodeRow(target, targetSlot));
        ResidualRow(source, sourceSlot).CopyTo(ResidualRow(target, targetSlot));
        Scales(target)[targetSlot] = Scales(source)[sourceSlot];
        Ids(target)[targetSlot] = Ids(source)[sourceSlot];
    }

    /// <summary>Unpacks an entry into <see cref="Stride"/> components.</summary>
    public void Read(byte[] block, int slot, Span<float> vector)
    {
        var codes = CodeRow(block, slot);
        var residuals = ResidualRow(block, slot);
        var unit = Scales(block)[slot] / 16;
        var half = Vector256.Create(7.5f);
        for (var group = 0; group < Stride; group += 32)
        {
            Unpack(codes[group..], residuals[(group / 2)..], out var a, out var b, out var c, out var d);
            ((a - half) * unit).CopyTo(vector[group..]);
            ((b - half) * unit).CopyTo(vector[(group + 8)..]);
            ((c - half) * unit).CopyTo(vector[(group + 16)..]);
            ((d - half) * unit).CopyTo(vector[(group + 24)..]);
        }
    }

    /// <summary>The dot product of an entry in all its bits and a vector of <see cref="Stride"/> components.</summary>
    /// <param name="block">Where the entry lies.</param>
    /// <param name="slot">Its place there.</param>
    /// <param name="vector">The vector.</param>
    /// <param name="sum">The sum of the vector's components.</param>
    public float Dot(byte[] block, int slot, ReadOnlySpan<float> vector, float sum)
    {
        var codes = CodeRow(block, slot);
        var residuals = ResidualRow(block, slot);
        var dot1 = Vector256<float>.Zero;
        var dot2 = Vector256<float>.Zero;
        for (var group = 0; group < Stride; group += 32)
        {
            Unpack(codes[group..], residuals[(group / 2)..], out var a, out var b, out var c, out var d);
            dot1 += a * Vector256.Create(vector[group..]);
            dot2 += b * Vector256.Create(vector[(group + 8)..]);
            dot1 += c * Vector256.Create(vector[(group + 16)..]);
            dot2 += d * Vector256.Create(vector[(group + 24)..]);
        }

        return (Vector256.Sum(dot1 + dot2) - (7.5f * sum)) * (Scales(block)[slot] / 16);
    }

    /// <summary>Rounds a vector to 8 bits a component and returns the scale.</summary>
    public static float Quantize(ReadOnlySpan<float> vector, Span<sbyte> codes)
    {
        var greatest = 0f;
        foreach (var component in vector)
        {
            greatest = MathF.Max(greatest, MathF.Abs(component));
        }

        var inverse = greatest > 0 ? 127 / greatest : 0;
        for (var i = 0; i < vector.Length; i++)
        {
            codes[i] = (sbyte)MathF.Round(vector[i] * inverse);
        }

        return greatest / 127;
    }

    private static int Residual(float scaled, sbyte code) => Math.Clamp((int)((scaled - code + 0.5f) * 16), 0, 15);

    // 16 × code + residual, as floats.
    private static void Unpack(
        ReadOnlySpan<byte> codes,
        ReadOnlySpan<byte> residuals,
        out Vector256<float> a,
        out Vector256<float> b,
        out Vector256<float> c,
        out Vector256<float> d
    )
    {
        var (low, high) = Vector256.Widen(Vector256.Create(MemoryMarshal.Cast<byte, sbyte>(codes)));
        var packed = Vector128.Create(residuals);
        var lowResiduals = Vector256.WidenLower((packed & Vector128.Create((byte)15)).ToVector256Unsafe()).AsInt16();
        var highResiduals = Vector256.WidenLower((packed >>> 4).ToVector256Unsafe()).AsInt16();
        var (first, second) = Vector256.Widen((low << 4) + lowResiduals);
        var (third, fourth) = Vector256.Widen((high << 4) + highResiduals);
        a = Vector256.ConvertToSingle(first);
        b = Vector256.ConvertToSingle(second);
        c = Vector256.ConvertToSingle(third);
        d = Vector256.ConvertToSingle(fourth);
    }

    private Span<byte> CodeRow(byte[] block, int slot) => block.AsSpan(slot * Stride, Stride);

    private Span<byte> ResidualRow(byte[] block, int slot) =>
        block.AsSpan((CapacityOf(block) * Stride) + (slot * (Stride / 2)), Stride / 2);
}
