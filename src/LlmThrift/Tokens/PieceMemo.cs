using System.Buffers;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace LlmThrift.Tokens;

/// <summary>
/// Remembers, for the time of one count, of how many tokens the pieces are that are no token themselves. Source code repeats its identifiers, and such
/// pieces take most of the time though they are few.
/// </summary>
/// <remarks>
/// A direct-mapped table: each piece has one place, and the latest takes it. Keys are the bytes themselves, so a find is exact. It lives in a rented
/// array and is cleared before each use: nothing of a text outlasts its count, and two counts at once share nothing.
/// </remarks>
internal unsafe struct PieceMemo
{
    /// <summary>The longest piece that is remembered, in bytes: one vector.</summary>
    public const int LongestPiece = 32;

    /// <summary>The size of the array that a memo lives in.</summary>
    public const int Size = (Places * (LongestPiece + sizeof(long))) + LongestPiece;

    /// <summary>80 KB in all: a part of the processor's second-level cache that leaves room for the vocabulary.</summary>
    private const int Places = 2048;

    private const ulong Multiplier = 0x9E3779B97F4A7C15;

    private static readonly Vector256<sbyte> Positions = Vector256<sbyte>.Indices;

    private readonly Vector256<byte>* _keys;
    private readonly long* _values;

    /// <param name="memory">Room of <see cref="Size"/> bytes, pinned.</param>
    public PieceMemo(byte* memory)
    {
        _values = (long*)memory;
        _keys = (Vector256<byte>*)(memory + (Places * sizeof(long)));
        new Span<long>(_values, Places).Clear();
    }

    public static byte[] Rent() => ArrayPool<byte>.Shared.Rent(Size);

    /// <summary>Where a piece has its place, given any number that depends on its bytes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int PlaceOf(ulong key, int length) => (int)(((key + (uint)length) * Multiplier) >> (64 - 11));

    /// <summary>The bytes of a piece, of at most <see cref="LongestPiece"/>, with zeros behind; as many must be readable.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> KeyOf(byte* piece, int length) =>
        Vector256.Load(piece) & Vector256.LessThan(Positions, Vector256.Create((sbyte)length)).AsByte();

    /// <summary>The number of tokens; 0 when the piece is not remembered.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly int Find(int place, in Vector256<byte> key, int length)
    {
        var value = _values[place];
        return (int)(value >> 32) == length && _keys[place] == key ? (int)value : 0;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly void Keep(int place, in Vector256<byte> key, int length, int count)
    {
        _values[place] = ((long)length << 32) | (uint)count;
        _keys[place] = key;
    }
}
