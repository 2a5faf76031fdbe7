using System.Runtime.InteropServices;
using LlmThrift.Embeddings.Model;

namespace MiniLmConverter;

/// <summary>Collects the parts of the model file and puts them together.</summary>
internal sealed class ModelFileWriter
{
    private readonly byte[]?[] _parts = new byte[ModelLayout.Parts][];

    public void Add<T>(int part, ReadOnlySpan<T> content)
        where T : unmanaged => _parts[part] = MemoryMarshal.AsBytes(content).ToArray();

    public byte[] ToArray()
    {
        var header = new uint[2 + (2 * ModelLayout.Parts)];
        header[0] = ModelLayout.Magic;
        header[1] = ModelLayout.Parts;
        var end = Aligned(header.Length * sizeof(uint));
        for (var part = 0; part < ModelLayout.Parts; part++)
        {
            var length = _parts[part]?.Length ?? throw new InvalidOperationException($"Part {part} was not written.");
            header[2 + (2 * part)] = (uint)end;
            header[3 + (2 * part)] = (uint)length;
            end = Aligned(end + length);
        }

        var file = new byte[end];
        MemoryMarshal.AsBytes(header.AsSpan()).CopyTo(file);
        for (var part = 0; part < ModelLayout.Parts; part++)
        {
            _parts[part]!.CopyTo(file, (int)header[2 + (2 * part)]);
        }

        return file;
    }

    private static int Aligned(int length) => (length + ModelLayout.Alignment - 1) / ModelLayout.Alignment * ModelLayout.Alignment;
}
