using System.Buffers.Binary;
using System.Text;

namespace LlmThrift.Sqlite.Database;

/// <summary>Reads what <see cref="BlobWriter"/> has written.</summary>
internal ref struct BlobReader(ReadOnlySpan<byte> blob)
{
    private ReadOnlySpan<byte> _left = blob;

    public long ReadInteger()
    {
        ulong value = 0;
        var shift = 0;
        var index = 0;
        byte part;
        do
        {
            part = _left[index++];
            value |= (ulong)(part & 0x7f) << shift;
            shift += 7;
        } while ((part & 0x80) != 0);

        _left = _left[index..];
        return (long)(value >> 1) ^ -(long)(value & 1);
    }

    public decimal ReadDecimal()
    {
        Span<int> parts = stackalloc int[4];
        for (var part = 0; part < 4; part++)
        {
            parts[part] = BinaryPrimitives.ReadInt32LittleEndian(_left[(4 * part)..]);
        }

        _left = _left[16..];
        return new decimal(parts);
    }

    public string ReadText()
    {
        var length = (int)ReadInteger();
        var text = Encoding.UTF8.GetString(_left[..length]);
        _left = _left[length..];
        return text;
    }
}
