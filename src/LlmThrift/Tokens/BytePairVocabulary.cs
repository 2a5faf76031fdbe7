using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.X86;

namespace LlmThrift.Tokens;

/// <summary>The tokens of an encoding, and the questions that encoding asks of them.</summary>
/// <remarks>
/// Built from a merge list: each token is the two tokens that it was merged from. That the parts have lower ids than the whole, and that every token
/// encodes to itself, was checked when the list was packed. The tables lie pinned and are read through pointers; they live as long as the process.
/// </remarks>
internal sealed unsafe class BytePairVocabulary
{
    /// <summary>How many bytes behind a text <see cref="Plan"/> and <see cref="LongestMatch"/> may read.</summary>
    public const int ReadAhead = 16;

    /// <summary>What <see cref="FindPair"/> and <see cref="FindBytePair"/> give where no token is made of the two; above all ids.</summary>
    public const int NoToken = 1 << 25;

    private const int IdBits = 18;

    /// <summary>The tokens with an id below this are single bytes.</summary>
    private const int SingleBytes = 256;

    private const int LengthFilterBits = 16;
    private const int SpareSlots = 256;
    private const int PageSize = 4096;
    private const int Batch = 64;
    private const int KeyFilterBits = 21;
    private const int ShortestFiltered = 3;
    private const int LongestFiltered = 33;
    private const ulong Multiplier1 = 0x9E3779B97F4A7C15;
    private const ulong Multiplier2 = 0xC2B2AE3D27D4EB4F;

    private readonly byte* _bytes;
    private readonly int* _offsets;
    private readonly Merge* _merges;
    private readonly Slot* _slots;
    private readonly uint _slotCount;
    private readonly ulong* _pairs;
    private readonly uint _pairCount;
    private readonly int* _bytePairs;
    private readonly uint* _lengthFilter;
    private readonly byte* _tokenFilter;
    private readonly byte* _pairFilter;
    private readonly int* _singleByteIds;
    private readonly int _longest;

    private BytePairVocabulary(byte* mergeList)
    {
        Count = BinaryPrimitives.ReadInt32LittleEndian(new ReadOnlySpan<byte>(mergeList, 4));
        var idBits = BinaryPrimitives.ReadInt32LittleEndian(new ReadOnlySpan<byte>(mergeList + 4, 4));

        _offsets = Allocate<int>(Count + 1);
        _merges = Allocate<Merge>(Count);
        _singleByteIds = Allocate<int>(SingleBytes);
        _tokenFilter = Allocate<byte>(1 << (KeyFilterBits - 3));
        _pairFilter = Allocate<byte>(1 << (KeyFilterBits - 3));
        _lengthFilter = Allocate<uint>(1 << LengthFilterBits);

        // Tables half full: a look-up that finds nothing ends after two or three neighbouring slots. The spare ones at the end save going round.
        _slotCount = (uint)Count * 2;
        _slots = Allocate<Slot>((Count * 2) + SpareSlots);
        _pairCount = (uint)Count * 2;
        _pairs = Allocate<ulong>((Count * 2) + SpareSlots);
        _bytePairs = Allocate<int>(1 << 16);
        new Span<int>(_bytePairs, 1 << 16).Fill(NoToken);

        _longest = ReadMerges(mergeList, idBits);
        _bytes = Allocate<byte>(_offsets[Count] + 128 + ReadAhead);
        Spell(mergeList + 8);
        Index();
    }

    /// <summary>The number of tokens, special ones apart.</summary>
    public int Count { get; }

    /// <summary>Reads the merge list of <paramref name="name"/> from the assembly.</summary>
    public static BytePairVocabulary Load(string name)
    {
        using var stream = (UnmanagedMemoryStream)
            typeof(BytePairVocabulary).Assembly.GetManifestResourceStream($"LlmThrift.Tokens.{name}.merges.bin")!;
        return new BytePairVocabulary(stream.PositionPointer);
    }

    /// <summary>The bytes of a token.</summary>
    public ReadOnlySpan<byte> GetBytes(int id) => new(_bytes + _offsets[id], _offsets[id + 1] - _offsets[id]);

    /// <summary>The number of bytes of a token.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public int LengthOf(int id) => _offsets[id + 1] - _offsets[id];

    /// <summary>Begins to fetch what <see cref="FindPlanned"/> will read, so that the processor waits for many pieces at once.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Plan(byte* text, int length, PlannedPiece* plan)
    {
        var key = length <= 8 ? ShortKey(text, length) : LongKey(text, length);
        var slot = _slots + Home(Hash(key), _slotCount);
        Prefetch(slot);
        plan->Key = key;
        plan->Slot = slot;
        plan->Text = text;
        plan->Length = length;
    }

    /// <summary>Finds the token spelled by a piece.</summary>
    /// <returns>Its id, or -1.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public int FindPlanned(PlannedPiece* plan)
    {
        var length = plan->Length;
        for (var slot = (Slot*)plan->Slot; ; slot++)
        {
            if (slot->Key == plan->Key && slot->Length == length && (length <= 8 || IsAt(plan->Text, slot->Id, length)))
            {
                return slot->Id;
            }

            if (slot->Length == 0)
            {
                return -1;
            }
        }
    }

    /// <summary>Finds the longest token that <paramref name="text"/> begins with, of at most <paramref name="limit"/> (one or more) bytes.</summary>
    /// <remarks>
    /// Lengths are tried from the longest down, but only those that some token has which begins with the same three bytes (or with three that share
    /// their place in the filter), so that two or three look-ups do.
    /// </remarks>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public int LongestMatch(byte* text, int limit, out int length)
    {
        int id;
        if (limit >= ShortestFiltered)
        {
            var lengths = _lengthFilter[FilterPlace(Load(text))];
            if (limit < LongestFiltered)
            {
                lengths &= (1u << (limit - ShortestFiltered + 1)) - 1;
            }
            else if (lengths >> 31 != 0)
            {
                for (length = int.Min(limit, _longest); length > LongestFiltered; length--)
                {
                    if ((id = FindPrefix(text, length)) >= 0)
                    {
                        return id;
                    }
                }
            }

            for (lengths &= int.MaxValue; lengths != 0; )
            {
                var bit = BitOperations.Log2(lengths);
                lengths ^= 1u << bit;
                length = bit + ShortestFiltered;
                if ((id = FindPrefix(text, length)) >= 0)
                {
                    return id;
                }
            }
        }

        length = 2;
        if (limit >= 2 && (id = FindBytePair(text)) != NoToken)
        {
            return id;
        }

        length = 1;
        return _singleByteIds[*text];
    }

    /// <summary>Whether a text begins with a token of <paramref name="length"/> bytes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool IsAt(byte* text, int id, int length) =>
        new ReadOnlySpan<byte>(_bytes + _offsets[id], length).SequenceEqual(new ReadOnlySpan<byte>(text, length));

    /// <summary>Whether byte-pair encoding of the bytes of both tokens gives just these two tokens.</summary>
    /// <remarks>
    /// It does unless, at some moment on the way, the parts that meet at the border would have been merged with each other. So the merges of both
    /// tokens are undone from the last to the first, and each pair that meets at the border on the way is looked up: a token made of it spoils
    /// the border if its rank comes before that of the merge which ended the moment. Of equal ranks the leftmost is merged first.
    /// </remarks>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public bool IsBorder(int left, int right)
    {
        var limit = NoToken;
        while (true)
        {
            if (FindPair(left, right) < limit)
            {
                return false;
            }

            if (left > right)
            {
                if (left < SingleBytes)
                {
                    return true;
                }

                limit = left;
                left = _merges[left].Right;
            }
            else
            {
                if (right < SingleBytes)
                {
                    return true;
                }

                limit = right + 1;
                right = _merges[right].Left;
            }
        }
    }

    /// <summary>The token of one byte.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public int FindByte(byte* text) => _singleByteIds[*text];

    /// <summary>The token of two bytes, or <see cref="NoToken"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public int FindBytePair(byte* text) => _bytePairs[(ushort)Load(text)];

    /// <summary>The token made of two others, or <see cref="NoToken"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public int FindPair(int left, int right)
    {
        var key = PairKey(left, right);
        var hash = Hash(key);
        if (!IsSet(_pairFilter, hash))
        {
            return NoToken;
        }

        for (var slot = _pairs + Home(hash, _pairCount); ; slot++)
        {
            if (*slot >> IdBits == key)
            {
                return (int)*slot & ((1 << IdBits) - 1);
            }

            if (*slot == 0)
            {
                return NoToken;
            }
        }
    }

    /// <summary>As <see cref="FindPlanned"/>, where there will seldom be such a token.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private int FindPrefix(byte* text, int length)
    {
        var key = length <= 8 ? ShortKey(text, length) : LongKey(text, length);
        var hash = Hash(key);
        return !IsSet(_tokenFilter, hash) ? -1
            : length <= 8 ? FindShort(key, hash, length)
            : FindLong(text, length);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private int FindShort(ulong key, ulong hash, int length)
    {
        for (var slot = _slots + Home(hash, _slotCount); ; slot++)
        {
            if (slot->Key == key && slot->Length == length)
            {
                return slot->Id;
            }

            if (slot->Length == 0)
            {
                return -1;
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private int FindLong(byte* text, int length)
    {
        var key = LongKey(text, length);
        for (var slot = _slots + Home(Hash(key), _slotCount); ; slot++)
        {
            if (
                slot->Key == key
                && slot->Length == length
                && new ReadOnlySpan<byte>(_bytes + _offsets[slot->Id], length).SequenceEqual(new ReadOnlySpan<byte>(text, length))
            )
            {
                return slot->Id;
            }

            if (slot->Length == 0)
            {
                return -1;
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong ShortKey(byte* text, int length) => Load(text) & (ulong.MaxValue >> (64 - (length * 8)));

    /// <summary>Keys of tokens longer than eight bytes are hashes; the bytes themselves are compared after the key.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong LongKey(byte* text, int length)
    {
        var last = Load(text + length - 8);
        var key = (Load(text) * Multiplier1) ^ BitOperations.RotateLeft(last * Multiplier2, 31);
        if (length > 16)
        {
            key ^= BitOperations.RotateLeft((Load(text + 8) ^ BitOperations.RotateLeft(Load(text + length - 16), 17)) * Multiplier1, 47);
        }

        return key + (uint)length;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong Hash(ulong key) => (key ^ (key >> 32)) * Multiplier1;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static uint Home(ulong hash, uint count) => (uint)(((hash >> 32) * count) >> 32);

    /// <summary>Whether a bit map with ten bits a key has a key's bit: one bit in ten of the keys that are not in the table, at a look into the cache.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool IsSet(byte* filter, ulong hash) =>
        ((filter[hash >> (64 - KeyFilterBits + 3)] >> (int)((hash >> (64 - KeyFilterBits)) & 7)) & 1) != 0;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Set(byte* filter, ulong hash) =>
        filter[hash >> (64 - KeyFilterBits + 3)] |= (byte)(1 << (int)((hash >> (64 - KeyFilterBits)) & 7));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Prefetch(void* address)
    {
        if (Sse.IsSupported)
        {
            Sse.Prefetch0(address);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong PairKey(int left, int right) => ((ulong)(uint)left << IdBits) | (uint)right;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static uint FilterPlace(ulong text) => (uint)((text & 0xFFFFFF) * 0x9E3779B1) >> (32 - LengthFilterBits);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong Load(byte* text)
    {
        var value = Unsafe.ReadUnaligned<ulong>(text);
        return BitConverter.IsLittleEndian ? value : BinaryPrimitives.ReverseEndianness(value);
    }

    /// <summary>Tables are zeroed, pinned and kept for the life of the process.</summary>
    /// <summary>
    /// Zeroed memory that the system has really handed out, page after page: a prefetch does nothing for a page that was never touched, and the
    /// tables are filled in random order.
    /// </summary>
    private static T* Allocate<T>(int count)
        where T : unmanaged
    {
        var memory = (T*)NativeMemory.AllocZeroed((nuint)count, (nuint)sizeof(T));
        for (nuint place = 0; place < (nuint)count * (nuint)sizeof(T); place += PageSize)
        {
            Volatile.Write(ref ((byte*)memory)[place], 0);
        }

        return memory;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private int ReadMerges(byte* mergeList, int idBits)
    {
        for (var id = 0; id < SingleBytes; id++)
        {
            _offsets[id] = id;
            _merges[id] = new Merge { Left = id, Right = id };
        }

        var mask = (1ul << idBits) - 1;
        var packed = mergeList + 8 + SingleBytes;
        var longest = 1;
        var offset = SingleBytes;
        long bit = 0;
        for (var id = SingleBytes; id < Count; id++, bit += 2 * idBits)
        {
            var pair = Load(packed + (bit >> 3)) >> (int)(bit & 7);
            var left = (int)(pair & mask);
            var right = (int)((pair >> idBits) & mask);
            _merges[id] = new Merge { Left = left, Right = right };
            _offsets[id] = offset;

            // The offset of the next token is known for all earlier ones, so lengths can be read while they are being written.
            var length = LengthBefore(left, id, offset) + LengthBefore(right, id, offset);
            offset += length;
            longest = int.Max(longest, length);
        }

        _offsets[Count] = offset;
        return longest;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private int LengthBefore(int id, int current, int currentOffset) =>
        (id + 1 == current ? currentOffset : _offsets[id + 1]) - _offsets[id];

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Spell(byte* singleBytes)
    {
        for (var id = 0; id < SingleBytes; id++)
        {
            _bytes[id] = singleBytes[id];
            _singleByteIds[singleBytes[id]] = id;
        }

        for (var id = SingleBytes; id < Count; id++)
        {
            var target = Copy(_bytes + _offsets[id], _merges[id].Left);
            Copy(target, _merges[id].Right);
        }
    }

    /// <summary>Copies a token's bytes eight at a time; what is written past the end is overwritten by the next.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private byte* Copy(byte* target, int id)
    {
        var source = _bytes + _offsets[id];
        var length = LengthOf(id);
        for (var i = 0; i < length; i += 8)
        {
            Unsafe.WriteUnaligned(target + i, Unsafe.ReadUnaligned<ulong>(source + i));
        }

        return target + length;
    }

    /// <summary>Fills the hash tables in order of rank, so that frequent tokens get the slots next to their home.</summary>
    /// <remarks>
    /// The tables do not fit the nearer caches and are filled in random order. So the homes of a batch of tokens are fetched all at once before the
    /// first of them is looked at.
    /// </remarks>
    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Index()
    {
        var homes = stackalloc PlannedToken[Batch];
        for (var first = 0; first < Count; first += Batch)
        {
            var batch = int.Min(Batch, Count - first);
            for (var i = 0; i < batch; i++)
            {
                var id = first + i;
                var text = _bytes + _offsets[id];
                var length = LengthOf(id);
                var key = length <= 8 ? ShortKey(text, length) : LongKey(text, length);
                var hash = Hash(key);
                var slot = _slots + Home(hash, _slotCount);
                var pair = _pairs + Home(Hash(PairKey(_merges[id].Left, _merges[id].Right)), _pairCount);
                Set(_tokenFilter, hash);
                Prefetch(slot);
                Prefetch(pair);
                homes[i] = new PlannedToken
                {
                    Key = key,
                    Slot = slot,
                    Pair = pair,
                    Length = length,
                };
                if (length == 2)
                {
                    _bytePairs[(ushort)Load(text)] = id;
                }
                else if (length >= ShortestFiltered)
                {
                    _lengthFilter[FilterPlace(Load(text))] |= 1u << (int.Min(length, LongestFiltered + 1) - ShortestFiltered);
                }
            }

            for (var i = 0; i < batch; i++)
            {
                var slot = homes[i].Slot;
                while (slot->Length != 0)
                {
                    slot++;
                }

                slot->Key = homes[i].Key;
                slot->Id = first + i;
                slot->Length = homes[i].Length;
                if (first + i >= SingleBytes)
                {
                    var pair = homes[i].Pair;
                    Set(_pairFilter, Hash(PairKey(_merges[first + i].Left, _merges[first + i].Right)));
                    while (*pair != 0)
                    {
                        pair++;
                    }

                    *pair = (PairKey(_merges[first + i].Left, _merges[first + i].Right) << IdBits) | (uint)(first + i);
                }
            }
        }
    }

    /// <summary>Where a token goes in the tables.</summary>
    private struct PlannedToken
    {
        public ulong Key;
        public Slot* Slot;
        public ulong* Pair;
        public int Length;
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct Merge
    {
        public int Left;
        public int Right;
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct Slot
    {
        public ulong Key;
        public int Id;
        public int Length;
    }
}
