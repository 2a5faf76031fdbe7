namespace LlmThrift.Embeddings.Model;

/// <summary>The embedded file: where its parts lie in memory. Nothing is copied; the parts live as long as the assembly.</summary>
internal sealed unsafe class ModelFile
{
    private const string Resource = "LlmThrift.Embeddings.all-MiniLM-L6-v2";

    private readonly byte* _start;

    private ModelFile(byte* start, long length)
    {
        _start = start;
        if (length < 8 + (8 * ModelLayout.Parts) || At(0) != ModelLayout.Magic || At(1) != ModelLayout.Parts)
        {
            throw new InvalidDataException("The embedded weights are not in the format that this assembly reads.");
        }
    }

    /// <summary>Finds the file in this assembly.</summary>
    public static ModelFile Open()
    {
        using var stream = (UnmanagedMemoryStream)typeof(ModelFile).Assembly.GetManifestResourceStream(Resource)!;
        return new ModelFile(stream.PositionPointer, stream.Length);
    }

    /// <summary>Where a part begins; it has at least <paramref name="count"/> elements.</summary>
    public T* Part<T>(int part, int count)
        where T : unmanaged
    {
        if (LengthOf<T>(part) < count)
        {
            throw new InvalidDataException($"Part {part} of the embedded weights is too short.");
        }

        return (T*)(_start + At(2 + (2 * part)));
    }

    /// <summary>The number of elements of a part.</summary>
    public int LengthOf<T>(int part)
        where T : unmanaged => (int)At(3 + (2 * part)) / sizeof(T);

    private uint At(int place) => ((uint*)_start)[place];
}
