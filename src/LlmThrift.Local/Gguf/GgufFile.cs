using System.Buffers.Binary;
using System.Globalization;
using System.Text;

namespace LlmThrift.Local.Gguf;

/// <summary>
/// What a GGUF file (version 2 or 3, little-endian) says about itself: metadata and the tensors' shapes, without the weights. llama.cpp ends the whole process
/// on some damaged files, so a file is read here first. Long arrays stay in the file and are read when asked for. Safe for use from several threads.
/// </summary>
/// <remarks>The format: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md. Stricter where llama.cpp v0.5.0 is.</remarks>
internal sealed class GgufFile
{
    private const int LongestKey = 65_535;
    private const int MostKeys = 65_536;
    private const int MostTensors = 65_536;
    private const int LongestTensorName = 63;
    private const int DeepestArray = 4;

    // llama.cpp maps the file into memory and ends the process where a mapped tensor is not aligned to 32 bytes.
    private const uint LeastAlignment = 32;
    private const uint MostAlignment = 1 << 20;

    private readonly Dictionary<string, GgufValue> _metadata = new(StringComparer.Ordinal);
    private readonly Dictionary<string, GgufTensor> _tensors = new(StringComparer.Ordinal);
    private readonly List<GgufTensor> _order = [];

    private GgufFile(GgufReader reader)
    {
        Path = reader.Path;
        Length = reader.Length;
        var (tensorCount, keyCount) = ReadHeader(reader);
        for (var i = 0UL; i < keyCount; i++)
        {
            ReadKey(reader, i, keyCount);
        }

        Alignment = (int)ReadAlignment();
        ReadTensors(reader, tensorCount);
        foreach (var tensor in _order)
        {
            ParameterCount += tensor.ElementCount;
        }
    }

    /// <summary>The file's path as it was given.</summary>
    public string Path { get; }

    /// <summary>The file's length in bytes.</summary>
    public long Length { get; }

    /// <summary>The version of the format: 2 or 3.</summary>
    public int Version { get; private set; }

    /// <summary>Tensors begin at multiples of so many bytes.</summary>
    public int Alignment { get; }

    /// <summary>Where the first tensor's numbers begin, in bytes from the beginning of the file.</summary>
    public long DataOffset { get; private set; }

    /// <summary>How many numbers all tensors have.</summary>
    public long ParameterCount { get; }

    /// <summary>The tensors in the file's order.</summary>
    public IReadOnlyList<GgufTensor> Tensors => _order;

    /// <summary>The keys of the metadata.</summary>
    public IReadOnlyCollection<string> Keys => _metadata.Keys;

    /// <summary>The architecture, such as llama, or null where the file does not say.</summary>
    public string? Architecture => GetString("general.architecture");

    /// <summary>The model's name, or null where the file does not say.</summary>
    public string? ModelName => GetString("general.name");

    /// <summary>The number of tokens in the vocabulary; 0 where there is none.</summary>
    public int VocabularySize => (int)(GetArrayLength("tokenizer.ggml.tokens") ?? 0);

    /// <summary>The quantization by the name that llama.cpp gives it, such as Q4_K_M, or null where the file does not say or says what is not known.</summary>
    public string? Quantization => GgufQuantization.Name(GetInteger("general.file_type"));

    /// <summary>The template that turns chat messages into a prompt (Jinja), or null where there is none.</summary>
    public string? ChatTemplate => GetString("tokenizer.chat_template");

    /// <summary>The number of tokens that the model was trained to attend to, or null where the file does not say.</summary>
    public long? ContextLength => Architecture is { } architecture ? GetInteger(architecture + ".context_length") : null;

    /// <summary>Reads a file and checks its format.</summary>
    /// <exception cref="LocalModelException">The file cannot be read or is not a sound GGUF file.</exception>
    public static GgufFile Read(string path)
    {
        ArgumentNullException.ThrowIfNull(path);
        if (path.Length == 0)
        {
            throw new LocalModelException("The path of the model file is empty. Give the path of a .gguf file.");
        }

        using var reader = new GgufReader(path);
        return Guard(path, () => new GgufFile(reader));
    }

    /// <summary>Reads a file and checks its format, and that it holds a model that llama.cpp can load.</summary>
    /// <param name="path">The file.</param>
    /// <param name="use">What the model is for: others are refused.</param>
    /// <exception cref="LocalModelException">The file cannot be read, is not a sound GGUF file, or its model lacks something or contradicts itself.</exception>
    public static GgufFile Validate(string path, GgufModelUse use = GgufModelUse.Text)
    {
        var file = Read(path);
        GgufModelCheck.Check(file, use);
        return file;
    }

    /// <summary>The tensor with a name, or null.</summary>
    public GgufTensor? FindTensor(string name) => _tensors.GetValueOrDefault(name);

    /// <summary>The value of a key with its type, or null.</summary>
    public GgufValue? Find(string key) => _metadata.GetValueOrDefault(key);

    /// <summary>A text of the metadata, or null where the key is absent or holds something else.</summary>
    public string? GetString(string key) => Find(key)?.Scalar as string;

    /// <summary>A whole number of the metadata of whatever width, or null where the key is absent, holds something else or a number above 2^63 - 1.</summary>
    public long? GetInteger(string key) =>
        Find(key)?.Scalar switch
        {
            byte value => value,
            sbyte value => value,
            ushort value => value,
            short value => value,
            uint value => value,
            int value => value,
            ulong value when value <= long.MaxValue => (long)value,
            long value => value,
            _ => null,
        };

    /// <summary>A number of the metadata, whole or not, or null where the key is absent or holds something else.</summary>
    public double? GetNumber(string key) =>
        Find(key)?.Scalar switch
        {
            float value => value,
            double value => value,
            _ => GetInteger(key),
        };

    /// <summary>A truth value of the metadata, or null where the key is absent or holds something else.</summary>
    public bool? GetBoolean(string key) => Find(key)?.Scalar as bool?;

    /// <summary>The number of an array's elements, or null where the key is absent or holds something else.</summary>
    public long? GetArrayLength(string key) => Find(key) is { Type: GgufValueType.Array } value ? value.Count : null;

    /// <summary>The texts of an array, read from the file as they are asked for, or null where the key is absent or holds something else.</summary>
    /// <exception cref="LocalModelException">The file can no longer be read.</exception>
    public IEnumerable<string>? GetStrings(string key) => GetStrings(key, Encoding.UTF8);

    /// <summary>The texts of an array in an encoding; Latin-1 keeps bytes that are not UTF-8 apart.</summary>
    public IEnumerable<string>? GetStrings(string key, Encoding encoding) =>
        Find(key) is { Type: GgufValueType.Array, ElementType: GgufValueType.Text } value ? ReadStrings(key, value, encoding) : null;

    /// <summary>The numbers of an array of 32-bit integers or floats, or null where the key is absent or holds something else.</summary>
    /// <exception cref="LocalModelException">The file can no longer be read.</exception>
    public double[]? GetNumbers(string key)
    {
        if (
            Find(key) is not { Type: GgufValueType.Array } value
            || value.ElementType is not (GgufValueType.Int32 or GgufValueType.UInt32 or GgufValueType.Float32)
        )
        {
            return null;
        }

        var bytes = new byte[value.Count * 4];
        using (var reader = new GgufReader(Path))
        {
            Guard<object?>(
                Path,
                () =>
                {
                    reader.Seek(value.Offset);
                    reader.Read(bytes, $"the array '{key}'");
                    return null;
                }
            );
        }

        var numbers = new double[value.Count];
        for (var i = 0; i < numbers.Length; i++)
        {
            var part = bytes.AsSpan(4 * i);
            numbers[i] = value.ElementType switch
            {
                GgufValueType.Float32 => BinaryPrimitives.ReadSingleLittleEndian(part),
                GgufValueType.Int32 => BinaryPrimitives.ReadInt32LittleEndian(part),
                _ => BinaryPrimitives.ReadUInt32LittleEndian(part),
            };
        }

        return numbers;
    }

    private IEnumerable<string> ReadStrings(string key, GgufValue value, Encoding encoding)
    {
        using var reader = new GgufReader(Path);
        Guard<object?>(
            Path,
            () =>
            {
                reader.Seek(value.Offset);
                return null;
            }
        );
        for (var i = 0L; i < value.Count; i++)
        {
            yield return Guard(Path, () => reader.ReadText($"the array '{key}'", encoding));
        }
    }

    // A disk may fail or the file may shrink while it is read: still a file that cannot be used.
    private static T Guard<T>(string path, Func<T> read)
    {
        try
        {
            return read();
        }
        catch (IOException failure)
        {
            throw GgufProblem.Of(
                path,
                $"cannot be read: {failure.Message.TrimEnd('.')}",
                "Check the disk, and that nothing writes the file.",
                failure
            );
        }
    }

    private (ulong Tensors, ulong Keys) ReadHeader(GgufReader reader)
    {
        Span<byte> start = stackalloc byte[GgufKinds.Wanted];
        start = start[..reader.ReadSome(start)];
        if (start.Length == 0)
        {
            throw GgufProblem.Of(Path, "is empty (0 bytes)");
        }

        if (!start.StartsWith("GGUF"u8))
        {
            var (looks, wayOut) = GgufKinds.Describe(start);
            throw GgufProblem.Of(Path, $"is not a GGUF file: {looks}", wayOut);
        }

        const string Header = "the header";
        reader.Seek(4);
        var version = reader.ReadUInt32(Header);
        if ((version & 0xFFFF) == 0 && version != 0)
        {
            throw GgufProblem.Of(
                Path,
                $"is big-endian (its version reads {BinaryPrimitives.ReverseEndianness(version)} from the other side)",
                "Take a little-endian file, or convert it with llama.cpp's gguf_convert_endian.py."
            );
        }

        if (version is not (2 or 3))
        {
            throw GgufProblem.Of(
                Path,
                $"is of GGUF version {version}: versions 2 and 3 can be read",
                version == 1
                    ? "Take a newer file of the model."
                    : "Download it again; if the version is right, a newer LlmThrift.Local is needed."
            );
        }

        Version = (int)version;
        var tensors = reader.ReadUInt64(Header);
        var keys = reader.ReadUInt64(Header);

        // The least that a tensor's description (24 bytes and a name) and a key with its value (14 bytes) can take.
        CheckCount(reader, "tensors", tensors, MostTensors, 33);
        CheckCount(reader, "keys of metadata", keys, MostKeys, 14);
        if (tensors == 0)
        {
            throw GgufProblem.Of(Path, "has no tensors: it holds a vocabulary or metadata only", "Take the model's file with weights.");
        }

        return (tensors, keys);
    }

    private void CheckCount(GgufReader reader, string what, ulong count, int most, int leastBytes)
    {
        if (count > (ulong)most)
        {
            throw GgufProblem.Of(
                Path,
                $"is damaged: its header counts {GgufProblem.Number(count)} {what}, more than the {GgufProblem.Number(most)} allowed"
            );
        }

        if (count * (ulong)leastBytes > (ulong)reader.Left)
        {
            throw GgufProblem.Of(
                Path,
                $"is damaged or cut short: its header counts {GgufProblem.Number(count)} {what}, for which the {GgufProblem.Number(Length)} bytes are too few"
            );
        }
    }

    private void ReadKey(GgufReader reader, ulong index, ulong count)
    {
        var what = $"key {GgufProblem.Number(index + 1)} of {GgufProblem.Number(count)} of the metadata";
        var length = reader.ReadTextLength(what);
        if (length is 0 or > LongestKey)
        {
            throw GgufProblem.Of(
                Path,
                $"is damaged: {what} is {GgufProblem.Number(length)} bytes long: 1 to {GgufProblem.Number(LongestKey)} are allowed"
            );
        }

        Span<byte> bytes = length <= 256 ? stackalloc byte[256] : new byte[length];
        bytes = bytes[..length];
        reader.Read(bytes, what);
        var key = Name(bytes, what);
        if (!_metadata.TryAdd(key, ReadValue(reader, key)))
        {
            throw GgufProblem.Of(Path, $"is damaged: its metadata has the key '{key}' twice");
        }
    }

    // Names with other characters come from damage; a zero among them would also make llama.cpp see another name than we do.
    private string Name(ReadOnlySpan<byte> bytes, string what)
    {
        var text = Encoding.Latin1.GetString(bytes);
        if (bytes.ContainsAnyExceptInRange((byte)' ', (byte)'~'))
        {
            throw GgufProblem.Of(Path, $"is damaged: {what} has characters that cannot be part of a name: {GgufProblem.Quote(text)}");
        }

        return text;
    }

    private GgufValue ReadValue(GgufReader reader, string key)
    {
        var what = $"the value of '{key}'";
        var number = reader.ReadUInt32(what);
        var type = TypeOf(number, key);
        if (type == GgufValueType.Array)
        {
            return ReadArray(reader, key, 1);
        }

        object scalar = type switch
        {
            GgufValueType.UInt8 => reader.ReadByte(what),
            GgufValueType.Int8 => (sbyte)reader.ReadByte(what),
            GgufValueType.UInt16 => reader.ReadUInt16(what),
            GgufValueType.Int16 => (short)reader.ReadUInt16(what),
            GgufValueType.UInt32 => reader.ReadUInt32(what),
            GgufValueType.Int32 => (int)reader.ReadUInt32(what),
            GgufValueType.Float32 => BitConverter.UInt32BitsToSingle(reader.ReadUInt32(what)),
            GgufValueType.Boolean => ReadBoolean(reader, key),
            GgufValueType.UInt64 => reader.ReadUInt64(what),
            GgufValueType.Int64 => (long)reader.ReadUInt64(what),
            GgufValueType.Float64 => BitConverter.UInt64BitsToDouble(reader.ReadUInt64(what)),
            _ => reader.ReadText(what, Encoding.UTF8),
        };
        return new GgufValue { Type = type, Scalar = scalar };
    }

    private bool ReadBoolean(GgufReader reader, string key)
    {
        var value = reader.ReadByte($"the value of '{key}'");
        return value <= 1 ? value == 1 : throw GgufProblem.Of(Path, $"is damaged: '{key}' should be true (1) or false (0) but is {value}");
    }

    private GgufValue ReadArray(GgufReader reader, string key, int depth)
    {
        var what = $"the array '{key}'";
        var elementType = TypeOf(reader.ReadUInt32(what), key);
        var count = reader.ReadUInt64(what);
        var size = elementType switch
        {
            GgufValueType.UInt8 or GgufValueType.Int8 or GgufValueType.Boolean => 1,
            GgufValueType.UInt16 or GgufValueType.Int16 => 2,
            GgufValueType.UInt32 or GgufValueType.Int32 or GgufValueType.Float32 => 4,
            GgufValueType.Array => 12,
            _ => 8,
        };
        if (count > GgufReader.LongestArray)
        {
            throw GgufProblem.Of(
                Path,
                $"is damaged: {what} counts {GgufProblem.Number(count)} elements, more than the {GgufProblem.Number(GgufReader.LongestArray)} allowed"
            );
        }

        if ((long)count * size > reader.Left)
        {
            throw GgufProblem.Of(
                Path,
                $"is damaged or cut short: {what} counts {GgufProblem.Number(count)} elements, but only {GgufProblem.Number(reader.Left)} bytes follow"
            );
        }

        var value = new GgufValue
        {
            Type = GgufValueType.Array,
            ElementType = elementType,
            Count = (long)count,
            Offset = reader.Position,
        };
        if (elementType == GgufValueType.Text)
        {
            for (var i = 0UL; i < count; i++)
            {
                reader.Skip(reader.ReadTextLength(what), what);
            }
        }
        else if (elementType == GgufValueType.Array)
        {
            if (depth == DeepestArray)
            {
                throw GgufProblem.Of(Path, $"is damaged: {what} holds arrays in arrays, more than {DeepestArray} deep");
            }

            for (var i = 0UL; i < count; i++)
            {
                ReadArray(reader, key, depth + 1);
            }
        }
        else
        {
            reader.Skip((long)count * size, what);
        }

        return value;
    }

    private GgufValueType TypeOf(uint number, string key) =>
        number <= (uint)GgufValueType.Float64
            ? (GgufValueType)number
            : throw GgufProblem.Of(Path, $"is damaged: '{key}' has a value of type {number}, which GGUF does not know (0 to 12)");

    private uint ReadAlignment()
    {
        const string Key = "general.alignment";
        switch (Find(Key))
        {
            case null:
                return LeastAlignment;
            case { Scalar: uint alignment }:
                return alignment is >= LeastAlignment and <= MostAlignment && (alignment & (alignment - 1)) == 0
                    ? alignment
                    : throw GgufProblem.Of(
                        Path,
                        $"has {Key} {GgufProblem.Number(alignment)}: a power of two from {LeastAlignment} to {GgufProblem.Number(MostAlignment)} can be loaded",
                        GgufProblem.Convert
                    );
            case { } other:
                throw GgufProblem.Of(Path, $"has a {Key} of type {other.Description} rather than UInt32", GgufProblem.Convert);
        }
    }

    private void ReadTensors(GgufReader reader, ulong count)
    {
        var offsets = new List<ulong>((int)count);
        for (var i = 0UL; i < count; i++)
        {
            offsets.Add(ReadTensor(reader, $"the description of tensor {GgufProblem.Number(i + 1)} of {GgufProblem.Number(count)}"));
        }

        DataOffset = Align(reader.Position);
        var expected = 0L;
        for (var i = 0; i < _order.Count; i++)
        {
            var tensor = _order[i];

            // llama.cpp wants the tensors one behind the other in the order of their descriptions, which also keeps them from overlapping.
            if (offsets[i] != (ulong)expected)
            {
                throw GgufProblem.Of(
                    Path,
                    $"is damaged: tensor '{tensor.Name}' ({tensor.Type.Name}, {tensor.Shape}) begins at {GgufProblem.Number(offsets[i])} "
                        + $"rather than {GgufProblem.Number(expected)}, where the tensor before it ends"
                );
            }

            _order[i] = tensor = tensor with { Offset = DataOffset + expected };
            _tensors[tensor.Name] = tensor;

            // A tensor may be as large as a long can say, and many such may follow.
            if (tensor.ByteLength > long.MaxValue - MostAlignment - tensor.Offset)
            {
                throw GgufProblem.Of(
                    Path,
                    $"is damaged: tensor '{tensor.Name}' ({tensor.Type.Name}, {tensor.Shape}) is larger than any file"
                );
            }

            expected = Align(expected + tensor.ByteLength);
        }

        var last = _order[^1];
        if (last.Offset + last.ByteLength > Length)
        {
            throw GgufProblem.Of(
                Path,
                $"is incomplete: it ends after {GgufProblem.Number(Length)} of {GgufProblem.Number(last.Offset + last.ByteLength)} bytes"
            );
        }
    }

    private ulong ReadTensor(GgufReader reader, string what)
    {
        var length = reader.ReadTextLength(what);
        if (length is 0 or > LongestTensorName)
        {
            throw GgufProblem.Of(
                Path,
                $"is damaged: the name in {what} is {GgufProblem.Number(length)} bytes long: 1 to {LongestTensorName} are allowed"
            );
        }

        Span<byte> bytes = stackalloc byte[LongestTensorName];
        bytes = bytes[..length];
        reader.Read(bytes, what);
        var name = Name(bytes, $"the name in {what}");

        var rank = reader.ReadUInt32(what);
        if (rank is 0 or > 4)
        {
            throw GgufProblem.Of(Path, $"is damaged: tensor '{name}' has {GgufProblem.Number(rank)} dimensions: 1 to 4 are allowed");
        }

        var dimensions = new long[rank];
        var elements = 1L;
        for (var i = 0; i < dimensions.Length; i++)
        {
            var dimension = reader.ReadUInt64(what);
            if (dimension == 0 || dimension > (ulong)(long.MaxValue / 8 / elements))
            {
                throw GgufProblem.Of(
                    Path,
                    $"is damaged: dimension {(i + 1).ToString(CultureInfo.InvariantCulture)} of tensor '{name}' is {GgufProblem.Number(dimension)}"
                );
            }

            dimensions[i] = (long)dimension;
            elements *= (long)dimension;
        }

        var number = reader.ReadUInt32(what);
        var type =
            GgufTensorType.Find(number)
            ?? throw GgufProblem.Of(
                Path,
                $"has tensor '{name}' of type {number}, which llama.cpp v0.5.0 does not know",
                "Download it again; if it was made for a newer llama.cpp, take another quantization, such as Q4_K_M."
            );
        if (dimensions[0] % type.BlockLength != 0)
        {
            throw GgufProblem.Of(
                Path,
                $"is damaged: tensor '{name}' has rows of {GgufProblem.Number(dimensions[0])} numbers, "
                    + $"which {type.Name}'s blocks of {type.BlockLength} do not divide"
            );
        }

        var offset = reader.ReadUInt64(what);
        var tensor = new GgufTensor(name, dimensions, (int)number, type, 0, elements / type.BlockLength * type.BlockBytes, elements);
        if (!_tensors.TryAdd(name, tensor))
        {
            throw GgufProblem.Of(Path, $"is damaged: it has tensor '{name}' twice");
        }

        _order.Add(tensor);
        return offset;
    }

    private long Align(long position) => (position + Alignment - 1) / Alignment * Alignment;
}
