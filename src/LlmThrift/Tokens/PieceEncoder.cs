using System.Buffers;
using System.Runtime.CompilerServices;

namespace LlmThrift.Tokens;

/// <summary>Encodes UTF-8 text piece by piece.</summary>
/// <remarks>
/// Most pieces are one token, found by one look-up. Pieces are cut out in batches, and the places of a batch in the table are fetched from memory while
/// it is being cut, so that the processor waits for all of them at once. Short pieces that are no token are merged pair by pair. Doing so with the longer
/// ones would take quadratic time or a heap: their encoding is the only sequence of tokens in which every two neighbours are what byte-pair encoding
/// makes of their bytes (<see cref="BytePairVocabulary.IsBorder"/>). It is found from left to right with the longest token that fits, going back where
/// nothing fits. A position that led nowhere is never tried again, so the time is linear in the length of the piece. The idea, and the proof that it is
/// exact, are those of the bpe crate in github/rust-gems.
/// </remarks>
internal static unsafe class PieceEncoder
{
    private const int ShortPiece = 20;
    private const int MediumPiece = 63;
    private const int PlaceBits = 5;
    private const int Followers = 64;
    private const int Batch = 64;

    /// <summary>Encodes the text between two addresses; <see cref="CharacterClasses.EndOfText"/> and more readable bytes must stand behind it.</summary>
    /// <param name="vocabulary">The tokens.</param>
    /// <param name="pattern">How the text is cut into pieces.</param>
    /// <param name="text">Where the text begins.</param>
    /// <param name="end">Where it ends.</param>
    /// <param name="tokens">Takes the tokens; null to count only.</param>
    /// <param name="memo">Remembers pieces over the parts of a long text; null when tokens are taken, or for a short text.</param>
    /// <returns>The number of tokens.</returns>
    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static int Encode(
        BytePairVocabulary vocabulary,
        BytePairPattern pattern,
        byte* text,
        byte* end,
        List<int>? tokens,
        PieceMemo* memo
    )
    {
        var plans = stackalloc PlannedPiece[Batch];
        var count = 0;
        while (text < end)
        {
            var pieces = 0;
            do
            {
                var next = pattern == BytePairPattern.O200k ? PieceScanner.O200k(text) : PieceScanner.Cl100k(text);
                vocabulary.Plan(text, (int)(next - text), plans + pieces++);
                text = next;
            } while (text < end && pieces < Batch);

            for (var plan = plans; plan < plans + pieces; plan++)
            {
                var id = vocabulary.FindPlanned(plan);
                if (id >= 0)
                {
                    tokens?.Add(id);
                    count++;
                }
                else if (memo is null || plan->Length > PieceMemo.LongestPiece)
                {
                    count += EncodeOther(vocabulary, plan->Text, plan->Length, tokens);
                }
                else
                {
                    count += CountOther(vocabulary, plan, memo);
                }
            }
        }

        return count;
    }

    private static int CountOther(BytePairVocabulary vocabulary, PlannedPiece* plan, PieceMemo* memo)
    {
        var place = PieceMemo.PlaceOf(plan->Key, plan->Length);
        var key = PieceMemo.KeyOf(plan->Text, plan->Length);
        var count = memo->Find(place, key, plan->Length);
        if (count == 0)
        {
            count = EncodeOther(vocabulary, plan->Text, plan->Length, tokens: null);
            memo->Keep(place, key, plan->Length, count);
        }

        return count;
    }

    /// <summary>Encodes a piece that is not a token.</summary>
    private static int EncodeOther(BytePairVocabulary vocabulary, byte* piece, int length, List<int>? tokens) =>
        length <= ShortPiece ? EncodeShort(vocabulary, piece, length, tokens)
        : length <= MediumPiece ? EncodeMedium(vocabulary, piece, length, tokens)
        : EncodeLong(vocabulary, piece, length, tokens);

    /// <summary>Encodes a short piece that is not a token as byte-pair encoding is defined: the leftmost pair of the lowest rank is merged, time and again.</summary>
    /// <remarks>
    /// Quadratic, but pieces are short. It reads the frequent merges, which the processor's caches hold, where the search below reads the tokens of the
    /// result and all that they are made of, which in running text are the rare ones.
    /// </remarks>
    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static int EncodeShort(BytePairVocabulary vocabulary, byte* piece, int length, List<int>? tokens)
    {
        var parts = stackalloc int[ShortPiece + 1];

        // At each part, the token that it makes with the next one.
        var merged = stackalloc int[ShortPiece + 1];
        var count = length;
        for (var i = 0; i < count; i++)
        {
            parts[i] = vocabulary.FindByte(piece + i);
            merged[i] = vocabulary.FindBytePair(piece + i);
        }

        while (count > 1)
        {
            // Rank and place in one number, so that the least is the leftmost of the lowest rank.
            var best = uint.MaxValue;
            for (var i = 0; i < count - 1; i++)
            {
                best = uint.Min(best, ((uint)merged[i] << PlaceBits) | (uint)i);
            }

            if (best >= (uint)BytePairVocabulary.NoToken << PlaceBits)
            {
                break;
            }

            var place = (int)(best & ((1 << PlaceBits) - 1));
            parts[place] = (int)(best >> PlaceBits);
            count--;
            for (var i = place + 1; i < count; i++)
            {
                parts[i] = parts[i + 1];
                merged[i] = merged[i + 1];
            }

            if (place > 0)
            {
                merged[place - 1] = vocabulary.FindPair(parts[place - 1], parts[place]);
            }

            if (place < count - 1)
            {
                merged[place] = vocabulary.FindPair(parts[place], parts[place + 1]);
            }
        }

        tokens?.AddRange(new ReadOnlySpan<int>(parts, count));
        return count;
    }

    [SkipLocalsInit]
    private static int EncodeMedium(BytePairVocabulary vocabulary, byte* piece, int length, List<int>? tokens)
    {
        var path = stackalloc int[MediumPiece];
        var ends = stackalloc int[MediumPiece];
        ulong dead = 0;
        return EncodePiece(vocabulary, piece, length, path, ends, &dead, tokens);
    }

    private static int EncodeLong(BytePairVocabulary vocabulary, byte* piece, int length, List<int>? tokens)
    {
        var path = ArrayPool<int>.Shared.Rent(length);
        var ends = ArrayPool<int>.Shared.Rent(length);
        var dead = ArrayPool<ulong>.Shared.Rent((length / 64) + 1);
        dead.AsSpan(0, (length / 64) + 1).Clear();
        int count;
        fixed (int* pathStart = path)
        fixed (int* endsStart = ends)
        fixed (ulong* deadStart = dead)
        {
            count = EncodePiece(vocabulary, piece, length, pathStart, endsStart, deadStart, tokens);
        }

        ArrayPool<int>.Shared.Return(path);
        ArrayPool<int>.Shared.Return(ends);
        ArrayPool<ulong>.Shared.Return(dead);
        return count;
    }

    /// <summary>Encodes a longer piece that is not a token.</summary>
    /// <remarks>
    /// In what repeats itself, the token that followed the last one before is tried first: their border is known to be good, and in runs of a character
    /// with tokens of many lengths (hyphens) the longest that fits is hardly ever the right one.
    /// </remarks>
    /// <param name="vocabulary">The tokens.</param>
    /// <param name="piece">The piece.</param>
    /// <param name="length">Its bytes.</param>
    /// <param name="path">Room for the tokens on the way to the present position, as many as there are bytes.</param>
    /// <param name="ends">Room for the positions behind these tokens.</param>
    /// <param name="dead">A bit a position: that no encoding of the text before it goes on behind it.</param>
    /// <param name="tokens">Takes the tokens; null to count only.</param>
    /// <returns>The number of tokens.</returns>
    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static int EncodePiece(
        BytePairVocabulary vocabulary,
        byte* piece,
        int length,
        int* path,
        int* ends,
        ulong* dead,
        List<int>? tokens
    )
    {
        var followers = stackalloc long[Followers];
        new Span<long>(followers, Followers).Fill(-1);

        var depth = 0;
        var position = 0;
        while (position < length)
        {
            var previous = depth > 0 ? path[depth - 1] : -1;
            var next = -1;
            var size = 0;
            if (depth > 0 && (int)(followers[previous % Followers] >> 32) == previous)
            {
                next = (int)followers[previous % Followers];
                size = vocabulary.LengthOf(next);
                if (size > length - position || IsDead(dead, position + size) || !vocabulary.IsAt(piece + position, next, size))
                {
                    next = -1;
                }
            }

            for (var limit = length - position; next < 0 && limit > 0; limit = size - 1)
            {
                var candidate = vocabulary.LongestMatch(piece + position, limit, out size);
                if (!IsDead(dead, position + size) && (depth == 0 || vocabulary.IsBorder(previous, candidate)))
                {
                    next = candidate;
                    if (depth > 0)
                    {
                        followers[previous % Followers] = ((long)previous << 32) | (uint)next;
                    }
                }
            }

            if (next >= 0)
            {
                position += size;
                path[depth] = next;
                ends[depth++] = position;
            }
            else
            {
                // Nothing goes on from here: take the last token back, and try shorter ones in its place.
                dead[position >> 6] |= 1ul << position;
                depth--;
                position = depth > 0 ? ends[depth - 1] : 0;
            }
        }

        tokens?.AddRange(new ReadOnlySpan<int>(path, depth));
        return depth;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool IsDead(ulong* dead, int position) => (dead[position >> 6] & (1ul << position)) != 0;
}
