using System.Buffers.Binary;
using System.Text.Json;

namespace MiniLmConverter;

/// <summary>Reads 16-bit tensors of a safetensors file: the header's length (64 bits), the header in JSON, the data.</summary>
internal sealed class SafeTensors
{
    private readonly byte[] _file;
    private readonly int _data;
    private readonly JsonElement _header;

    public SafeTensors(byte[] file)
    {
        _file = file;
        var length = checked((int)BinaryPrimitives.ReadInt64LittleEndian(file));
        _header = JsonElement.Parse(file.AsSpan(8, length));
        _data = 8 + length;
    }

    /// <summary>A tensor of the given shape, row by row.</summary>
    public float[] Read(string name, params ReadOnlySpan<int> shape)
    {
        if (!_header.TryGetProperty(name, out var tensor))
        {
            throw new InvalidDataException($"The weights lack {name}.");
        }

        var actual = tensor.GetProperty("shape").EnumerateArray().Select(dimension => dimension.GetInt32()).ToArray();
        if (tensor.GetProperty("dtype").GetString() != "F16" || !shape.SequenceEqual(actual))
        {
            throw new InvalidDataException($"{name} is not of 16-bit floats of shape [{string.Join(", ", shape.ToArray())}].");
        }

        var start = _data + tensor.GetProperty("data_offsets")[0].GetInt32();
        var values = new float[actual.Aggregate(1, (product, dimension) => product * dimension)];
        for (var i = 0; i < values.Length; i++)
        {
            values[i] = (float)BinaryPrimitives.ReadHalfLittleEndian(_file.AsSpan(start + (2 * i)));
        }

        return values;
    }
}
