using System.Globalization;
using System.Text;

namespace VocabularyPacker;

/// <summary>The classes of code points that the pre-tokenizers tell apart, as runs.</summary>
/// <remarks>Layout: for each run its class (one byte) and its length (LEB128), from U+0000 to U+10FFFF.</remarks>
internal static class UnicodeClasses
{
    private const byte Upper = 1;
    private const byte Lower = 2;
    private const byte Caseless = 3;
    private const byte Mark = 4;
    private const byte Number = 5;
    private const byte Space = 6;
    private const byte Newline = 7;
    private const byte Other = 8;

    public static byte[] Pack()
    {
        using var output = new MemoryStream();
        var start = 0;
        for (var codePoint = 1; codePoint <= 0x110000; codePoint++)
        {
            if (codePoint < 0x110000 && ClassOf(codePoint) == ClassOf(start))
            {
                continue;
            }

            output.WriteByte(ClassOf(start));
            var length = codePoint - start;
            for (; length >= 0x80; length >>= 7)
            {
                output.WriteByte((byte)(length | 0x80));
            }

            output.WriteByte((byte)length);
            start = codePoint;
        }

        return output.ToArray();
    }

    private static byte ClassOf(int codePoint)
    {
        if (codePoint is '\r' or '\n')
        {
            return Newline;
        }

        if (Rune.IsValid(codePoint) && Rune.IsWhiteSpace(new Rune(codePoint)))
        {
            return Space;
        }

        return CharUnicodeInfo.GetUnicodeCategory(codePoint) switch
        {
            UnicodeCategory.UppercaseLetter or UnicodeCategory.TitlecaseLetter => Upper,
            UnicodeCategory.LowercaseLetter => Lower,
            UnicodeCategory.ModifierLetter or UnicodeCategory.OtherLetter => Caseless,
            UnicodeCategory.NonSpacingMark or UnicodeCategory.SpacingCombiningMark or UnicodeCategory.EnclosingMark => Mark,
            UnicodeCategory.DecimalDigitNumber or UnicodeCategory.LetterNumber or UnicodeCategory.OtherNumber => Number,
            _ => Other,
        };
    }
}
