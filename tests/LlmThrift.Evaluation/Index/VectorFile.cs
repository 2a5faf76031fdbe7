using System.IO.MemoryMappedFiles;
using System.Runtime.InteropServices;

namespace LlmThrift.Evaluation.Index;

/// <summary>Rows of floats: the queries first, then the entries. Mapped, so that they do not count as the process's own memory.</summary>
internal sealed unsafe class VectorFile
{
    private readonly float* _rows;

    private VectorFile(float* rows, int dimensions, int queries, int entries)
    {
        _rows = rows;
        Dimensions = dimensions;
        Queries = queries;
        Entries = entries;
    }

    public int Dimensions { get; }

    public int Queries { get; }

    public int Entries { get; }

    public static VectorFile Open(FileInfo file, int dimensions, int queries, int entries)
    {
        var rows = file.Length / sizeof(float) / dimensions;
        if (rows < queries + (long)entries)
        {
            throw new InvalidDataException($"'{file.Name}' has {rows} rows of {dimensions} floats; {queries} + {entries} are asked for.");
        }

        var view = MemoryMappedFile
            .CreateFromFile(file.FullName, FileMode.Open, mapName: null, capacity: 0, MemoryMappedFileAccess.Read)
            .CreateViewAccessor(0, 0, MemoryMappedFileAccess.Read);
        byte* pointer = null;
        view.SafeMemoryMappedViewHandle.AcquirePointer(ref pointer);
        return new VectorFile((float*)pointer, dimensions, queries, entries);
    }

    public ReadOnlySpan<float> Query(int i) => Row(i);

    public ReadOnlySpan<float> Entry(int i) => Row(Queries + i);

    private ReadOnlySpan<float> Row(int i) => MemoryMarshal.CreateReadOnlySpan(ref _rows[(long)i * Dimensions], Dimensions);
}
