using System.Buffers;
using System.Buffers.Binary;
using System.Text;

namespace LlmThrift.Sqlite.Database;

/// <summary>Writes numbers and texts one after another, numbers as short as they are small.</summary>
internal sealed class BlobWriter
{
    private readonly ArrayBufferWriter<byte> _buffer = new(128);

    public ReadOnlySpan<byte> Written => _buffer.WrittenSpan;

    public void Clear() => _buffer.ResetWrittenCount();

    public void Write(long value)
    {
        // Signs last, so that small negative numbers are short as well.
        var left = (ulong)((value << 1) ^ (value >> 63));
        var span = _buffer.GetSpan(10);
        var length = 0;
        for (; left >= 0x80; left >>= 7)
        {
            span[length++] = (byte)(left | 0x80);
        }

        span[length++] = (byte)left;
        _buffer.Advance(length);
    }

    public void Write(decimal value)
    {
        Span<int> parts = stackalloc int[4];
        decimal.GetBits(value, parts);
        var span = _buffer.GetSpan(16);
        for (var part = 0; part < 4; part++)
        {
            BinaryPrimitives.WriteInt32LittleEndian(span[(4 * part)..], parts[part]);
        }

        _buffer.Advance(16);
    }

    public void Write(string value)
    {
        var length = Encoding.UTF8.GetByteCount(value);
        Write(length);
        Encoding.UTF8.GetBytes(value, _buffer.GetSpan(length));
        _buffer.Advance(length);
    }
}
