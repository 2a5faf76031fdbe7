using System.Buffers.Binary;
using System.Text;

namespace LlmThrift.TestKit.Gguf;

/// <summary>
/// Writes GGUF files (version 3), sound ones and, as it checks nothing, others too. Values and tensors come in the order in which they were first set.
/// </summary>
public sealed class GgufWriter
{
    public const uint F32 = 0;
    public const uint F16 = 1;

    private readonly List<(string Key, uint Type, uint Element, byte[] Bytes, ulong Count)> _values = [];
    private readonly List<Tensor> _tensors = [];

    public uint Version { get; set; } = 3;

    /// <summary>Tensors are padded to a multiple of so many bytes; not written as general.alignment unless that is set too.</summary>
    public int Alignment { get; set; } = 32;

    /// <summary>Where what lies in the last file that was written.</summary>
    public IReadOnlyList<GgufField> Fields { get; private set; } = [];

    public GgufWriter Set(string key, byte value) => Put(key, 0, [value]);

    public GgufWriter Set(string key, sbyte value) => Put(key, 1, [(byte)value]);

    public GgufWriter Set(string key, ushort value) => Put(key, 2, BitConverter.GetBytes(value));

    public GgufWriter Set(string key, short value) => Put(key, 3, BitConverter.GetBytes(value));

    public GgufWriter Set(string key, uint value) => Put(key, 4, BitConverter.GetBytes(value));

    public GgufWriter Set(string key, int value) => Put(key, 5, BitConverter.GetBytes(value));

    public GgufWriter Set(string key, float value) => Put(key, 6, BitConverter.GetBytes(value));

    public GgufWriter Set(string key, bool value) => Put(key, 7, [value ? (byte)1 : (byte)0]);

    public GgufWriter Set(string key, string value) => Put(key, 8, Text(value));

    public GgufWriter Set(string key, ulong value) => Put(key, 10, BitConverter.GetBytes(value));

    public GgufWriter Set(string key, long value) => Put(key, 11, BitConverter.GetBytes(value));

    public GgufWriter Set(string key, double value) => Put(key, 12, BitConverter.GetBytes(value));

    public GgufWriter Set(string key, IReadOnlyCollection<string> values) =>
        PutArray(key, 8, (ulong)values.Count, values.SelectMany(Text).ToArray());

    public GgufWriter Set(string key, IReadOnlyCollection<float> values) =>
        PutArray(key, 6, (ulong)values.Count, values.SelectMany(BitConverter.GetBytes).ToArray());

    public GgufWriter Set(string key, IReadOnlyCollection<int> values) =>
        PutArray(key, 5, (ulong)values.Count, values.SelectMany(BitConverter.GetBytes).ToArray());

    /// <summary>Sets an array by its parts.</summary>
    public GgufWriter PutArray(string key, uint elementType, ulong count, byte[] bytes) => Put(key, 9, bytes, elementType, count);

    /// <summary>Sets a value by its parts.</summary>
    public GgufWriter Put(string key, uint type, byte[] bytes, uint elementType = 0, ulong count = 0)
    {
        var place = _values.FindIndex(value => value.Key == key);
        if (place < 0)
        {
            _values.Add((key, type, elementType, bytes, count));
        }
        else
        {
            _values[place] = (key, type, elementType, bytes, count);
        }

        return this;
    }

    /// <summary>Adds a value even where there is one with its key.</summary>
    public GgufWriter AddTwice(string key)
    {
        _values.Add(_values.Find(value => value.Key == key));
        return this;
    }

    public GgufWriter Remove(string key)
    {
        _values.RemoveAll(value => value.Key == key);
        return this;
    }

    /// <summary>Adds a tensor whose numbers are written when the file is.</summary>
    public GgufWriter AddTensor(string name, uint type, long[] dimensions, long byteLength, Action<Stream> write)
    {
        _tensors.Add(new Tensor(name, type, dimensions, byteLength, write));
        return this;
    }

    public GgufWriter AddTensor(string name, uint type, long[] dimensions, byte[] data) =>
        AddTensor(name, type, dimensions, data.Length, stream => stream.Write(data));

    public GgufWriter RemoveTensor(string name)
    {
        _tensors.RemoveAll(tensor => tensor.Name == name);
        return this;
    }

    /// <summary>Changes what is said of a tensor; its numbers become zeros of the given length, if one is given.</summary>
    public GgufWriter ChangeTensor(
        string name,
        string? newName = null,
        uint? type = null,
        long[]? dimensions = null,
        long? byteLength = null,
        ulong? offset = null
    )
    {
        var place = _tensors.FindIndex(tensor => tensor.Name == name);
        var old = _tensors[place];
        _tensors[place] = new Tensor(
            newName ?? name,
            type ?? old.Type,
            dimensions ?? old.Dimensions,
            byteLength ?? old.ByteLength,
            byteLength is { } length ? stream => stream.Write(new byte[length]) : old.Write,
            offset
        );
        return this;
    }

    public void Write(string path)
    {
        using var stream = File.Create(path);
        Write(stream);
    }

    public byte[] ToArray()
    {
        using var stream = new MemoryStream();
        Write(stream);
        return stream.ToArray();
    }

    public void Write(Stream stream)
    {
        var fields = new List<GgufField>();
        var head = new MemoryStream();
        void Add(GgufFieldKind kind, string name, params ReadOnlySpan<byte> bytes)
        {
            fields.Add(new GgufField(kind, name, (int)head.Position, bytes.Length));
            head.Write(bytes);
        }

        Add(GgufFieldKind.Magic, "", "GGUF"u8);
        Add(GgufFieldKind.Version, "", BitConverter.GetBytes(Version));
        Add(GgufFieldKind.TensorCount, "", BitConverter.GetBytes((ulong)_tensors.Count));
        Add(GgufFieldKind.KeyCount, "", BitConverter.GetBytes((ulong)_values.Count));
        foreach (var (key, type, element, bytes, count) in _values)
        {
            Add(GgufFieldKind.KeyLength, key, BitConverter.GetBytes((ulong)Encoding.UTF8.GetByteCount(key)));
            Add(GgufFieldKind.Key, key, Encoding.UTF8.GetBytes(key));
            Add(GgufFieldKind.ValueType, key, BitConverter.GetBytes(type));
            if (type == 9)
            {
                Add(GgufFieldKind.ElementType, key, BitConverter.GetBytes(element));
                Add(GgufFieldKind.ElementCount, key, BitConverter.GetBytes(count));
            }

            Add(GgufFieldKind.Value, key, bytes);
        }

        var offset = 0L;
        foreach (var tensor in _tensors)
        {
            Add(GgufFieldKind.TensorNameLength, tensor.Name, BitConverter.GetBytes((ulong)Encoding.UTF8.GetByteCount(tensor.Name)));
            Add(GgufFieldKind.TensorName, tensor.Name, Encoding.UTF8.GetBytes(tensor.Name));
            Add(GgufFieldKind.Rank, tensor.Name, BitConverter.GetBytes((uint)tensor.Dimensions.Length));
            foreach (var dimension in tensor.Dimensions)
            {
                Add(GgufFieldKind.Dimension, tensor.Name, BitConverter.GetBytes(dimension));
            }

            Add(GgufFieldKind.TensorType, tensor.Name, BitConverter.GetBytes(tensor.Type));
            Add(GgufFieldKind.TensorOffset, tensor.Name, BitConverter.GetBytes(tensor.Offset ?? (ulong)offset));
            offset += tensor.ByteLength + Padding(tensor.ByteLength);
        }

        head.Write(new byte[Padding(head.Length)]);
        head.WriteTo(stream);
        foreach (var tensor in _tensors)
        {
            tensor.Write(stream);
            stream.Write(new byte[Padding(tensor.ByteLength)]);
        }

        Fields = fields;
    }

    private long Padding(long length) => (Alignment - (length % Alignment)) % Alignment;

    private static byte[] Text(string value)
    {
        var bytes = new byte[8 + Encoding.UTF8.GetByteCount(value)];
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, (ulong)(bytes.Length - 8));
        Encoding.UTF8.GetBytes(value, bytes.AsSpan(8));
        return bytes;
    }

    private sealed record Tensor(string Name, uint Type, long[] Dimensions, long ByteLength, Action<Stream> Write, ulong? Offset = null);
}
