using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace LlmThrift.Tokens;

/// <summary>The classes of characters that the pre-tokenizers tell apart, from a table that is frozen with the encodings.</summary>
/// <remarks>
/// A table of our own rather than the runtime's, so that a new Unicode version of .NET does not change counts. Made by build/tools/VocabularyPacker.
/// </remarks>
internal static unsafe class CharacterClasses
{
    /// <summary>Behind the end of a text stands a byte that no character begins with, which ends every run.</summary>
    public const byte End = 0;

    /// <summary>Lu and Lt.</summary>
    public const byte Upper = 1;

    /// <summary>Ll.</summary>
    public const byte Lower = 2;

    /// <summary>Lm and Lo.</summary>
    public const byte Caseless = 3;

    /// <summary>Mn, Mc and Me.</summary>
    public const byte Mark = 4;

    /// <summary>Nd, Nl and No.</summary>
    public const byte Number = 5;

    /// <summary>White space but for carriage return and line feed.</summary>
    public const byte Space = 6;

    /// <summary>Carriage return and line feed.</summary>
    public const byte Newline = 7;

    /// <summary>Everything else.</summary>
    public const byte Other = 8;

    /// <summary>The byte behind the end of a text.</summary>
    public const byte EndOfText = 0x80;

    /// <summary>From here on all is <see cref="Other"/>, but for the variation selectors of plane 14.</summary>
    private const int TableEnd = 0x32400;

    private static readonly byte* Table = Load();

    /// <summary>Loads the table. Code that is compiled after it needs no check that it is loaded.</summary>
    public static void EnsureLoaded() => RuntimeHelpers.RunClassConstructor(typeof(CharacterClasses).TypeHandle);

    /// <summary>The class of the UTF-8 character at <paramref name="text"/>, and how many bytes it has (none at the end).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static byte At(byte* text, out int length)
    {
        if (*text < 0x80)
        {
            length = 1;
            return Table[*text];
        }

        return AtNonAscii(text, out length);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static byte AtNonAscii(byte* text, out int length)
    {
        int first = *text;
        if (first < 0xC0)
        {
            length = 0;
            return End;
        }

        if (first < 0xE0)
        {
            length = 2;
            return Table[((first & 0x1F) << 6) | (text[1] & 0x3F)];
        }

        if (first < 0xF0)
        {
            length = 3;
            return Table[((first & 0x0F) << 12) | ((text[1] & 0x3F) << 6) | (text[2] & 0x3F)];
        }

        length = 4;
        var codePoint = ((first & 0x07) << 18) | ((text[1] & 0x3F) << 12) | ((text[2] & 0x3F) << 6) | (text[3] & 0x3F);
        return codePoint < TableEnd ? Table[codePoint]
            : codePoint is >= 0xE0100 and <= 0xE01EF ? Mark
            : Other;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static byte* Load()
    {
        var table = (byte*)NativeMemory.Alloc(TableEnd);
        using var stream = (UnmanagedMemoryStream)
            typeof(CharacterClasses).Assembly.GetManifestResourceStream("LlmThrift.Tokens.unicode-classes.bin")!;
        var runs = stream.PositionPointer;
        for (var codePoint = 0; codePoint < TableEnd; )
        {
            var kind = *runs++;
            var length = 0;
            var shift = 0;
            for (; *runs >= 0x80; shift += 7)
            {
                length |= (*runs++ & 0x7F) << shift;
            }

            length |= *runs++ << shift;
            length = int.Min(length, TableEnd - codePoint);
            NativeMemory.Fill(table + codePoint, (nuint)length, kind);
            codePoint += length;
        }

        return table;
    }
}
