using System.Buffers;
using System.Runtime.CompilerServices;

namespace LlmThrift.Tokens;

/// <summary>Encodes UTF-8 text piece by piece.</summary>
/// <remarks>
/// Most pieces are one token, found by one look-up. The others are not merged pair by pair, which takes quadratic time or a heap: the encoding is the
/// only sequence of tokens in which every two neighbours are what byte-pair encoding makes of their bytes (<see cref="BytePairVocabulary.IsBorder"/>). It
/// is found from left to right with the longest token that fits, going back where nothing fits. A position that led nowhere is never tried again, so the time
/// is linear in the length of the piece. The idea, and the proof that it is exact, are those of the bpe crate in github/rust-gems.
/// </remarks>
internal static unsafe class PieceEncoder
{
    private const int ShortPiece = 64;

    /// <summary>Encodes the text between two addresses; <see cref="CharacterClasses.EndOfText"/> and more readable bytes must stand behind it.</summary>
    /// <param name="vocabulary">The tokens.</param>
    /// <param name="pattern">How the text is cut into pieces.</param>
    /// <param name="text">Where the text begins.</param>
    /// <param name="end">Where it ends.</param>
    /// <param name="tokens">Takes the tokens; null to count only.</param>
    /// <returns>The number of tokens.</returns>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static int Encode(BytePairVocabulary vocabulary, BytePairPattern pattern, byte* text, byte* end, List<int>? tokens)
    {
        var count = 0;
        while (text < end)
        {
            var next = pattern == BytePairPattern.O200k ? PieceScanner.O200k(text) : PieceScanner.Cl100k(text);
            var length = (int)(next - text);
            var id = vocabulary.Find(text, length);
            if (id >= 0)
            {
                tokens?.Add(id);
                count++;
            }
            else
            {
                count +=
                    length <= ShortPiece ? EncodeShort(vocabulary, text, length, tokens) : EncodeLong(vocabulary, text, length, tokens);
            }

            text = next;
        }

        return count;
    }

    [SkipLocalsInit]
    private static int EncodeShort(BytePairVocabulary vocabulary, byte* piece, int length, List<int>? tokens)
    {
        var path = stackalloc int[ShortPiece];
        ulong dead = 0;
        return EncodePiece(vocabulary, piece, length, path, &dead, tokens);
    }

    private static int EncodeLong(BytePairVocabulary vocabulary, byte* piece, int length, List<int>? tokens)
    {
        var path = ArrayPool<int>.Shared.Rent(length);
        var dead = ArrayPool<ulong>.Shared.Rent((length / 64) + 1);
        dead.AsSpan(0, (length / 64) + 1).Clear();
        int count;
        fixed (int* pathStart = path)
        fixed (ulong* deadStart = dead)
        {
            count = EncodePiece(vocabulary, piece, length, pathStart, deadStart, tokens);
        }

        ArrayPool<int>.Shared.Return(path);
        ArrayPool<ulong>.Shared.Return(dead);
        return count;
    }

    /// <summary>Encodes one piece that is not a token.</summary>
    /// <param name="vocabulary">The tokens.</param>
    /// <param name="piece">The piece.</param>
    /// <param name="length">Its bytes.</param>
    /// <param name="path">Room for the tokens on the way to the present position, as many as there are bytes.</param>
    /// <param name="dead">A bit a position: that no encoding of the text before it goes on behind it.</param>
    /// <param name="tokens">Takes the tokens; null to count only.</param>
    /// <returns>The number of tokens.</returns>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static int EncodePiece(BytePairVocabulary vocabulary, byte* piece, int length, int* path, ulong* dead, List<int>? tokens)
    {
        var depth = 0;
        var position = 0;
        var knownLeft = -1;
        var knownRight = -1;
        var candidate = vocabulary.LongestMatch(piece, length - 1);
        while (true)
        {
            var size = vocabulary.LengthOf(candidate);
            var behind = position + size;
            var fits = behind == length || (dead[behind >> 6] & (1ul << (behind & 63))) == 0;
            if (fits && depth > 0)
            {
                var previous = path[depth - 1];
                if (previous != knownLeft || candidate != knownRight)
                {
                    fits = vocabulary.IsBorder(previous, candidate);
                    if (fits)
                    {
                        // Runs of one character come back to the same border again and again.
                        knownLeft = previous;
                        knownRight = candidate;
                    }
                }
            }

            if (fits)
            {
                path[depth++] = candidate;
                position = behind;
                if (position == length)
                {
                    break;
                }

                candidate = vocabulary.LongestMatch(piece + position, length - position);
            }
            else if (size > 1)
            {
                candidate = vocabulary.LongestMatch(piece + position, size - 1);
            }
            else
            {
                // Nothing goes on from here: take the last token back and try a shorter one in its place.
                dead[position >> 6] |= 1ul << (position & 63);
                candidate = path[--depth];
                position -= vocabulary.LengthOf(candidate);
            }
        }

        tokens?.AddRange(new ReadOnlySpan<int>(path, depth));
        return depth;
    }
}
