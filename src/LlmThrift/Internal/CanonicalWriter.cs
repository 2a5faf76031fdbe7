using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace LlmThrift.Internal;

/// <summary>
/// Writes typed, length-prefixed fields, so that no two sequences of fields have the same bytes ("ab" + "c" is not "a" + "bc").
/// Small fields are gathered before they reach the sink; long texts go to it directly, as UTF-16 in the machine's (little-endian) order.
/// </summary>
internal ref struct CanonicalWriter<TSink>(ref TSink sink)
    where TSink : struct, IFingerprintSink
{
    private const int BufferSize = 128;

    private readonly ref TSink _sink = ref sink;
    private Buffer _buffer;
    private int _used;

    public void Tag(FieldTag tag)
    {
        if (_used == BufferSize)
        {
            Flush();
        }

        _buffer[_used++] = (byte)tag;
    }

    public void Number(FieldTag tag, long value)
    {
        Tag(tag);
        Span<byte> bytes = stackalloc byte[sizeof(long)];
        BinaryPrimitives.WriteInt64LittleEndian(bytes, value);
        Raw(bytes);
    }

    public void Text(FieldTag tag, ReadOnlySpan<char> value)
    {
        Number(tag, value.Length);
        Raw(MemoryMarshal.AsBytes(value));
    }

    /// <summary>Writes nothing for null, which no other value does.</summary>
    public void OptionalText(FieldTag tag, string? value)
    {
        if (value is not null)
        {
            Text(tag, value);
        }
    }

    public void OptionalNumber(FieldTag tag, long? value)
    {
        if (value is { } number)
        {
            Number(tag, number);
        }
    }

    public void OptionalNumber(FieldTag tag, float? value)
    {
        if (value is { } number)
        {
            // -0 and 0 ask for the same sampling.
            Number(tag, BitConverter.SingleToInt32Bits(number == 0 ? 0 : number));
        }
    }

    public void Bytes(FieldTag tag, ReadOnlySpan<byte> value)
    {
        Number(tag, value.Length);
        Raw(value);
    }

    /// <summary>Hands what is gathered to the sink. Must be the last call.</summary>
    public void Flush()
    {
        _sink.Append(((ReadOnlySpan<byte>)_buffer)[.._used]);
        _used = 0;
    }

    private void Raw(scoped ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length <= BufferSize - _used)
        {
            bytes.CopyTo(((Span<byte>)_buffer)[_used..]);
            _used += bytes.Length;
            return;
        }

        Flush();
        if (bytes.Length < BufferSize)
        {
            bytes.CopyTo(_buffer);
            _used = bytes.Length;
        }
        else
        {
            _sink.Append(bytes);
        }
    }

    [InlineArray(BufferSize)]
    private struct Buffer
    {
        private byte _first;
    }
}
