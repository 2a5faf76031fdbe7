using System.Runtime.InteropServices;

namespace LlmThrift.Embeddings.Pairs;

/// <summary>The fitted weights of the pair scorer. Immutable.</summary>
internal sealed class PairWeights
{
    private const string Resource = "LlmThrift.Embeddings.pair-scorer";

    private static readonly Lazy<PairWeights> LazyShared = new(Load);

    private readonly float[] _floats;
    private readonly byte[] _rows;

    /// <param name="file">As described by <see cref="PairLayout"/>.</param>
    /// <exception cref="InvalidDataException">It is not in that format.</exception>
    public PairWeights(ReadOnlySpan<byte> file)
    {
        if (file.Length != PairLayout.Bytes || MemoryMarshal.Read<uint>(file) != PairLayout.Magic)
        {
            throw new InvalidDataException("The weights of the pair scorer are not in the format that this assembly reads.");
        }

        _floats = MemoryMarshal.Cast<byte, float>(file[..(PairLayout.Floats * sizeof(float))]).ToArray();
        _rows = file[(PairLayout.Floats * sizeof(float))..].ToArray();
    }

    /// <summary>Those that the assembly carries.</summary>
    public static PairWeights Shared => LazyShared.Value;

    public float this[int place] => _floats[place];

    public ReadOnlySpan<float> Part(int place, int count) => _floats.AsSpan(place, count);

    /// <summary>Writes what the tokens of a question stand for.</summary>
    /// <param name="ids">The tokens.</param>
    /// <param name="keys">Takes <see cref="PairLayout.Key"/> values for each.</param>
    /// <param name="own">Takes <see cref="PairLayout.Compared"/> values for each.</param>
    public void Read(ReadOnlySpan<int> ids, Span<float> keys, Span<float> own)
    {
        for (var i = 0; i < ids.Length; i++)
        {
            var row = _rows.AsSpan(ids[i] * PairLayout.RowBytes, PairLayout.RowBytes);
            var scales = MemoryMarshal.Cast<byte, float>(row[..8]);
            var values = MemoryMarshal.Cast<byte, sbyte>(row[8..]);
            PairMath.Widen(values[..PairLayout.Key], scales[0], keys.Slice(i * PairLayout.Key, PairLayout.Key));
            PairMath.Widen(values[PairLayout.Key..], scales[1], own.Slice(i * PairLayout.Compared, PairLayout.Compared));
        }
    }

    private static PairWeights Load()
    {
        using var stream = (UnmanagedMemoryStream)typeof(PairWeights).Assembly.GetManifestResourceStream(Resource)!;
        var file = new byte[stream.Length];
        stream.ReadExactly(file);
        return new PairWeights(file);
    }
}
