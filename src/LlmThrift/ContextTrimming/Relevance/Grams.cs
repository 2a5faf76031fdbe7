using System.Globalization;
using System.Runtime.CompilerServices;

namespace LlmThrift.ContextTrimming;

/// <summary>
/// Cuts text into overlapping pieces for search in any language: words into runs of four characters, the beginning and the end marked, and scripts that
/// write no spaces into pairs. So forms of a word have most pieces in common, without a stemmer or a list of words. Holds no text: a piece is a number.
/// </summary>
internal ref struct Grams(ReadOnlySpan<char> text)
{
    private const char Edge = '_';

    /// <summary>Letters in lower case and digits; 0 for the rest.</summary>
    private static ReadOnlySpan<byte> LowerAscii =>
        "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\00123456789\0\0\0\0\0\0\0abcdefghijklmnopqrstuvwxyz\0\0\0\0\0\0abcdefghijklmnopqrstuvwxyz\0\0\0\0\0"u8;

    private readonly ReadOnlySpan<char> _text = text;
    private int _position;
    private ulong _window;
    private int _length;
    private Kind _run;

    private enum Kind : byte
    {
        None,
        Word,
        Dense,
    }

    /// <summary>The next piece; false at the end.</summary>
    public bool MoveNext(out ulong gram)
    {
        while (true)
        {
            // Most characters of most texts: of a word, and ASCII.
            while (
                _run == Kind.Word
                && _position < _text.Length
                && _text[_position] < 0x80
                && LowerAscii[_text[_position]] is var lower and not 0
            )
            {
                _position++;
                _window = (_window << 16) | lower;
                if (++_length >= 4)
                {
                    gram = _window;
                    return true;
                }
            }

            var kind = _position < _text.Length ? KindOf(_text[_position]) : Kind.None;
            if (kind != _run || _run == Kind.None)
            {
                var ended = _run;
                if (ended == Kind.None)
                {
                    if (_position >= _text.Length)
                    {
                        gram = 0;
                        return false;
                    }

                    if (kind == Kind.None)
                    {
                        _position++;
                        continue;
                    }
                }

                // The character is looked at again, as the first of its run.
                _run = ended == Kind.None ? kind : Kind.None;
                if (TryEnd(ended, out gram))
                {
                    return true;
                }

                (_window, _length) = _run == Kind.Word ? ((ulong)Edge, 1) : (0UL, 0);
                continue;
            }

            var character = char.ToLowerInvariant(_text[_position++]);
            _window = (_window << 16) | character;
            _length++;
            if (_run == Kind.Dense ? _length >= 2 : _length >= 4)
            {
                gram = _run == Kind.Dense ? _window & 0xFFFF_FFFF : _window;
                return true;
            }
        }
    }

    /// <summary>What the end of a run adds.</summary>
    private readonly bool TryEnd(Kind ended, out ulong gram)
    {
        gram = ended switch
        {
            // Of a word of one letter or two, all of it.
            Kind.Word => (_window << 16) | Edge,
            Kind.Dense when _length == 1 => _window & 0xFFFF,
            _ => 0,
        };
        return gram != 0;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Kind KindOf(char character)
    {
        if (character < 0x80)
        {
            return char.IsAsciiLetterOrDigit(character) ? Kind.Word : Kind.None;
        }

        // What lies beyond the first plane is mostly ideographs; two halves of one make a pair.
        if (character is (>= '\u2E80' and <= '\u9FFF') or (>= '\uAC00' and <= '\uDFFF') or (>= '\uF900' and <= '\uFAFF'))
        {
            return char.IsLetterOrDigit(character) || char.IsSurrogate(character) ? Kind.Dense : Kind.None;
        }

        return
            char.IsLetterOrDigit(character)
            || CharUnicodeInfo.GetUnicodeCategory(character)
                is UnicodeCategory.NonSpacingMark
                    or UnicodeCategory.SpacingCombiningMark
                    or UnicodeCategory.EnclosingMark
            ? Kind.Word
            : Kind.None;
    }
}
