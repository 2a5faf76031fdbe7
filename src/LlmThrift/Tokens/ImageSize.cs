using System.Buffers.Binary;

namespace LlmThrift.Tokens;

/// <summary>Reads how large an image is from its first bytes, without decoding it.</summary>
internal static class ImageSize
{
    /// <summary>Finds width and height of a PNG, JPEG, GIF or WebP file.</summary>
    /// <returns>False when the format is another or the header is damaged.</returns>
    public static bool TryRead(ReadOnlySpan<byte> file, out int width, out int height)
    {
        (width, height) = (0, 0);
        if (file.Length >= 24 && file[0] == 0x89 && file[1..8].SequenceEqual("PNG\r\n\u001A\n"u8))
        {
            width = BinaryPrimitives.ReadInt32BigEndian(file[16..]);
            height = BinaryPrimitives.ReadInt32BigEndian(file[20..]);
        }
        else if (file.Length >= 10 && (file.StartsWith("GIF87a"u8) || file.StartsWith("GIF89a"u8)))
        {
            width = BinaryPrimitives.ReadUInt16LittleEndian(file[6..]);
            height = BinaryPrimitives.ReadUInt16LittleEndian(file[8..]);
        }
        else if (file.Length >= 30 && file.StartsWith("RIFF"u8) && file[8..12].SequenceEqual("WEBP"u8))
        {
            ReadWebP(file, out width, out height);
        }
        else if (file.Length >= 4 && file[0] == 0xFF && file[1] == 0xD8)
        {
            ReadJpeg(file, out width, out height);
        }

        return width > 0 && height > 0;
    }

    private static void ReadWebP(ReadOnlySpan<byte> file, out int width, out int height)
    {
        (width, height) = (0, 0);
        var chunk = file[12..16];
        if (chunk.SequenceEqual("VP8X"u8))
        {
            width = 1 + (file[24] | (file[25] << 8) | (file[26] << 16));
            height = 1 + (file[27] | (file[28] << 8) | (file[29] << 16));
        }
        else if (chunk.SequenceEqual("VP8L"u8))
        {
            var bits = BinaryPrimitives.ReadUInt32LittleEndian(file[21..]);
            width = 1 + (int)(bits & 0x3FFF);
            height = 1 + (int)((bits >> 14) & 0x3FFF);
        }
        else if (chunk.SequenceEqual("VP8 "u8))
        {
            width = BinaryPrimitives.ReadUInt16LittleEndian(file[26..]) & 0x3FFF;
            height = BinaryPrimitives.ReadUInt16LittleEndian(file[28..]) & 0x3FFF;
        }
    }

    /// <summary>Goes from marker to marker up to the frame header, SOF0 to SOF15 but for the three numbers that are no frames.</summary>
    private static void ReadJpeg(ReadOnlySpan<byte> file, out int width, out int height)
    {
        (width, height) = (0, 0);
        for (var position = 2; position + 9 <= file.Length && file[position] == 0xFF; )
        {
            var marker = file[position + 1];
            if (marker is 0xFF)
            {
                position++;
            }
            else if (marker is >= 0xC0 and <= 0xCF and not (0xC4 or 0xC8 or 0xCC))
            {
                height = BinaryPrimitives.ReadUInt16BigEndian(file[(position + 5)..]);
                width = BinaryPrimitives.ReadUInt16BigEndian(file[(position + 7)..]);
                return;
            }
            else
            {
                position += 2 + BinaryPrimitives.ReadUInt16BigEndian(file[(position + 2)..]);
            }
        }
    }
}
