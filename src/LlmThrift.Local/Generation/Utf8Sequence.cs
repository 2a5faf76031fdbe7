namespace LlmThrift.Local.Generation;

/// <summary>Where in a character of UTF-8 a text is (Unicode 17, table 3-7). llama.cpp's grammars take any bytes behind a first one for the rest of its character.</summary>
internal struct Utf8Sequence
{
    private byte _left;
    private byte _low;
    private byte _high;

    /// <summary>Goes on by some bytes.</summary>
    /// <returns>False where they cannot follow in a well-formed text; the state is then of no use.</returns>
    public bool TryAdd(ReadOnlySpan<byte> bytes)
    {
        foreach (var one in bytes)
        {
            if (_left > 0)
            {
                if (one < _low || one > _high)
                {
                    return false;
                }

                _left--;
                (_low, _high) = (0x80, 0xBF);
                continue;
            }

            (_left, _low, _high) = one switch
            {
                < 0x80 => ((byte)0, (byte)0x80, (byte)0xBF),
                >= 0xC2 and <= 0xDF => ((byte)1, (byte)0x80, (byte)0xBF),
                0xE0 => ((byte)2, (byte)0xA0, (byte)0xBF),
                0xED => ((byte)2, (byte)0x80, (byte)0x9F),
                >= 0xE1 and <= 0xEF => ((byte)2, (byte)0x80, (byte)0xBF),
                0xF0 => ((byte)3, (byte)0x90, (byte)0xBF),
                0xF4 => ((byte)3, (byte)0x80, (byte)0x8F),
                >= 0xF1 and <= 0xF3 => ((byte)3, (byte)0x80, (byte)0xBF),
                _ => ((byte)255, (byte)0, (byte)0),
            };
            if (_left == 255)
            {
                return false;
            }
        }

        return true;
    }
}
