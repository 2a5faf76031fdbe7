using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace LlmThrift.Tokens;

/// <summary>Finds where a piece ends, as the regular expressions of tiktoken do, without one.</summary>
/// <remarks>
/// <para>
/// o200k_base: <c>[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?</c>, or the same with
/// <c>[…upper…]+[…lower…]*</c>, or <c>\p{N}{1,3}</c>, or <c> ?[^\s\p{L}\p{N}]+[\r\n/]*</c>, or <c>\s*[\r\n]+</c>, or <c>\s+(?!\S)</c>, or <c>\s+</c>.
/// </para>
/// <para>
/// cl100k_base: <c>(?i:'s|'t|'re|'ve|'m|'ll|'d)</c>, or <c>[^\r\n\p{L}\p{N}]?\p{L}+</c>, or <c>\p{N}{1,3}</c>, or <c> ?[^\s\p{L}\p{N}]+[\r\n]*</c>, and
/// the same three for white space.
/// </para>
/// <para>
/// Texts are valid UTF-8 with <see cref="CharacterClasses.EndOfText"/> behind the end, which ends every run, so that no bound is checked on the way.
/// At least <see cref="ReadAhead"/> bytes behind the start of any character can be read.
/// </para>
/// </remarks>
internal static unsafe class PieceScanner
{
    /// <summary>How many bytes behind the end of a text may be read.</summary>
    public const int ReadAhead = 32;

    /// <summary>The end of the piece of <c>o200k_base</c> that begins at <paramref name="text"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static byte* O200k(byte* text)
    {
        // By far the most pieces of running text: a space or nothing, a letter of either case, lower-case letters.
        var word = text + (*text == ' ' ? 1 : 0);
        if (IsAsciiLetter(*word))
        {
            var end = word + 1 + LowerRun(word + 1);
            if (*end < 0x80 && *end != '\'' && (end > word + 1 || IsLower(*word) || !IsAsciiLetter(*end)))
            {
                return end;
            }
        }

        return O200kGeneral(text);
    }

    /// <summary>The end of the piece of <c>cl100k_base</c> that begins at <paramref name="text"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static byte* Cl100k(byte* text)
    {
        var word = text + (*text == ' ' ? 1 : 0);
        if (IsAsciiLetter(*word))
        {
            var end = word + 1 + LetterRun(word + 1);
            if (*end < 0x80)
            {
                return end;
            }
        }

        return Cl100kGeneral(text);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static byte* O200kGeneral(byte* text)
    {
        var first = CharacterClasses.At(text, out var length);
        if (first is not (CharacterClasses.Number or CharacterClasses.Newline))
        {
            // A mark may be the character in front of a word, or a part of the word.
            var hasPrefix = first is not (CharacterClasses.Upper or CharacterClasses.Lower or CharacterClasses.Caseless);
            var word = hasPrefix ? text + length : text;
            var end = word;
            byte* afterCaseless = null;
            var kind = CharacterClasses.At(end, out var size);
            while (kind is CharacterClasses.Upper or CharacterClasses.Caseless or CharacterClasses.Mark)
            {
                end += size;
                if (kind != CharacterClasses.Upper)
                {
                    afterCaseless = end;
                }

                kind = CharacterClasses.At(end, out size);
            }

            if (kind == CharacterClasses.Lower)
            {
                do
                {
                    end += size;
                    kind = CharacterClasses.At(end, out size);
                } while (kind is CharacterClasses.Lower or CharacterClasses.Caseless or CharacterClasses.Mark);

                return AfterContraction(end);
            }

            // No lower-case letter follows: the first alternative gives upper-case letters back until a caseless one can stand for a lower-case one.
            if (afterCaseless != null)
            {
                return AfterContraction(afterCaseless);
            }

            if (first == CharacterClasses.Mark)
            {
                return AfterContraction(word);
            }

            if (end > word)
            {
                return AfterContraction(end);
            }
        }

        return first switch
        {
            CharacterClasses.Number => Numbers(text),
            CharacterClasses.Other => Punctuation(text, slashes: true),
            _ when *text == ' ' && CharacterClasses.At(text + 1, out _) == CharacterClasses.Other => Punctuation(text + 1, slashes: true),
            _ => WhiteSpace(text),
        };
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static byte* Cl100kGeneral(byte* text)
    {
        if (*text == '\'' && AfterContraction(text) is var contraction && contraction > text)
        {
            return contraction;
        }

        var first = CharacterClasses.At(text, out var length);
        if (first is not (CharacterClasses.Number or CharacterClasses.Newline))
        {
            var word = first is CharacterClasses.Upper or CharacterClasses.Lower or CharacterClasses.Caseless ? text : text + length;
            var end = word;
            while (CharacterClasses.At(end, out var size) is CharacterClasses.Upper or CharacterClasses.Lower or CharacterClasses.Caseless)
            {
                end += size;
            }

            if (end > word)
            {
                return end;
            }
        }

        return first switch
        {
            CharacterClasses.Number => Numbers(text),
            CharacterClasses.Other or CharacterClasses.Mark => Punctuation(text, slashes: false),
            _ when *text == ' ' && CharacterClasses.At(text + 1, out _) is CharacterClasses.Other or CharacterClasses.Mark => Punctuation(
                text + 1,
                slashes: false
            ),
            _ => WhiteSpace(text),
        };
    }

    /// <summary>Behind <c>'s</c>, <c>'t</c>, <c>'re</c>, <c>'ve</c>, <c>'m</c>, <c>'ll</c> or <c>'d</c> of either case; where it is if there is none.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static byte* AfterContraction(byte* text)
    {
        if (*text != '\'')
        {
            return text;
        }

        switch (text[1] | 0x20)
        {
            case 's' or 't' or 'm' or 'd':
                return text + 2;
            case 'r' or 'v' when text[2] is (byte)'e' or (byte)'E':
            case 'l' when text[2] is (byte)'l' or (byte)'L':
                return text + 3;
            default:
                // The long s (U+017F) is an s to a regular expression that ignores case.
                return text[1] == 0xC5 && text[2] == 0xBF ? text + 3 : text;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static byte* Numbers(byte* text)
    {
        for (var count = 0; count < 3 && CharacterClasses.At(text, out var length) == CharacterClasses.Number; count++)
        {
            text += length;
        }

        return text;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static byte* Punctuation(byte* text, bool slashes)
    {
        while (CharacterClasses.At(text, out var length) is CharacterClasses.Other or CharacterClasses.Mark)
        {
            text += length;
        }

        while (*text is (byte)'\r' or (byte)'\n' || (slashes && *text == '/'))
        {
            text++;
        }

        return text;
    }

    /// <summary>Up to the last line break if there is one; else all but the last character, unless it is the only one or the text ends.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static byte* WhiteSpace(byte* text)
    {
        var end = text;
        byte* afterNewline = null;
        byte* last = text;
        byte kind;
        while ((kind = CharacterClasses.At(end, out var length)) is CharacterClasses.Space or CharacterClasses.Newline)
        {
            last = end;
            end += length;
            if (kind == CharacterClasses.Newline)
            {
                afterNewline = end;
            }
        }

        return afterNewline != null ? afterNewline
            : kind == CharacterClasses.End || last == text ? end
            : last;
    }

    /// <summary>How many lower-case ASCII letters begin here, sixteen bytes at a time.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int LowerRun(byte* text)
    {
        var count = 0;
        while (true)
        {
            var outside = Vector128.GreaterThanOrEqual(
                Vector128.Load(text + count) - Vector128.Create((byte)'a'),
                Vector128.Create((byte)26)
            );
            var bits = outside.ExtractMostSignificantBits();
            if (bits != 0)
            {
                return count + System.Numerics.BitOperations.TrailingZeroCount(bits);
            }

            count += 16;
        }
    }

    /// <summary>How many ASCII letters begin here, sixteen bytes at a time.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int LetterRun(byte* text)
    {
        var count = 0;
        while (true)
        {
            var folded = Vector128.Load(text + count) | Vector128.Create((byte)0x20);
            var outside = Vector128.GreaterThanOrEqual(folded - Vector128.Create((byte)'a'), Vector128.Create((byte)26));
            var bits = outside.ExtractMostSignificantBits();
            if (bits != 0)
            {
                return count + System.Numerics.BitOperations.TrailingZeroCount(bits);
            }

            count += 16;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool IsAsciiLetter(byte value) => (uint)((value | 0x20) - 'a') < 26;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool IsLower(byte value) => (uint)(value - 'a') < 26;
}
