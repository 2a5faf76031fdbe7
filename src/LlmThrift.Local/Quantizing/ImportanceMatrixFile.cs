using System.Runtime.InteropServices;
using System.Text;
using LlmThrift.Local.Gguf;

namespace LlmThrift.Local.Quantizing;

/// <summary>
/// Reads and writes importance matrices as llama.cpp's <c>llama-imatrix</c> does: GGUF with two tensors a matrix, sums and counts. Its older form, .dat, is read only.
/// </summary>
internal static class ImportanceMatrixFile
{
    private const string SumsEnding = ".in_sum2";
    private const string CountsEnding = ".counts";
    private const string DatasetsKey = "imatrix.datasets";
    private const string WindowsKey = "imatrix.chunk_count";
    private const string WindowLengthKey = "imatrix.chunk_size";
    private const int Alignment = 32;

    /// <summary>Writes a matrix.</summary>
    public static void Write(Stream stream, ImportanceMatrix matrix)
    {
        var names = matrix.Entries.Keys.Order(StringComparer.Ordinal).ToArray();
        using var writer = new BinaryWriter(stream, Encoding.UTF8, leaveOpen: true);
        writer.Write("GGUF"u8);
        writer.Write(3);
        writer.Write(2L * names.Length);
        writer.Write(4L);
        WriteText(writer, "general.type");
        writer.Write((int)GgufValueType.Text);
        WriteText(writer, "imatrix");
        WriteText(writer, DatasetsKey);
        writer.Write((int)GgufValueType.Array);
        writer.Write((int)GgufValueType.Text);
        writer.Write((long)matrix.Datasets.Count);
        foreach (var dataset in matrix.Datasets)
        {
            WriteText(writer, dataset);
        }

        WriteNumber(writer, WindowsKey, matrix.Windows);
        WriteNumber(writer, WindowLengthKey, matrix.WindowLength);
        var offset = 0L;
        foreach (var name in names)
        {
            var (sums, counts) = matrix.Entries[name];
            offset = WriteTensor(writer, name + SumsEnding, sums.Length / counts.Length, counts.Length, offset);
            offset = WriteTensor(writer, name + CountsEnding, 1, counts.Length, offset);
        }

        Pad(writer);
        foreach (var name in names)
        {
            var (sums, counts) = matrix.Entries[name];
            writer.Write(MemoryMarshal.AsBytes<float>(sums));
            Pad(writer);
            foreach (var count in counts)
            {
                writer.Write((float)count);
            }

            Pad(writer);
        }
    }

    /// <summary>Reads a matrix and checks that its numbers can be used.</summary>
    /// <exception cref="LocalModelException">The file cannot be read, or is something else.</exception>
    public static ImportanceMatrix Read(string path)
    {
        ImportanceMatrix matrix;
        try
        {
            matrix = IsGguf(path) ? ReadGguf(path) : ReadOlder(path);
        }
        catch (LocalModelException problem)
        {
            throw new LocalModelException($"The importance matrix cannot be read. {problem.Message}", problem);
        }

        foreach (var (name, (sums, counts)) in matrix.Entries)
        {
            if (counts.Length == 0 || sums.Length % counts.Length != 0 || counts.Any(count => count < 0))
            {
                throw new LocalModelException(
                    $"The importance matrix '{path}' is damaged: {GgufProblem.Quote(name)} has {sums.Length} sums for {counts.Length} counts."
                );
            }

            if (Array.Exists(sums, sum => !float.IsFinite(sum) || sum < 0))
            {
                throw new LocalModelException(
                    $"The importance matrix '{path}' is damaged: a sum of squares of {GgufProblem.Quote(name)} is below 0 or no number."
                );
            }
        }

        return matrix;
    }

    private static bool IsGguf(string path)
    {
        using var reader = new GgufReader(path);
        Span<byte> start = stackalloc byte[4];
        return reader.ReadSome(start) == 4 && start.SequenceEqual("GGUF"u8);
    }

    private static ImportanceMatrix ReadGguf(string path)
    {
        var file = GgufFile.Read(path);
        using var reader = new GgufReader(path);
        var entries = new Dictionary<string, ImportanceEntry>(StringComparer.Ordinal);
        foreach (var tensor in file.Tensors.Where(tensor => tensor.Name.EndsWith(SumsEnding, StringComparison.Ordinal)))
        {
            var name = tensor.Name[..^SumsEnding.Length];
            var counts =
                file.FindTensor(name + CountsEnding)
                ?? throw GgufProblem.Of(path, $"has sums of '{name}', but no tensor '{name + CountsEnding}'");
            entries.Add(
                name,
                new ImportanceEntry(
                    ReadFloats(reader, tensor),
                    Array.ConvertAll(ReadFloats(reader, counts), count => float.IsFinite(count) ? (long)MathF.Round(count) : -1)
                )
            );
        }

        return entries.Count > 0
            ? new ImportanceMatrix(
                entries,
                file.GetStrings(DatasetsKey)?.ToArray() ?? [],
                (int)Math.Clamp(file.GetInteger(WindowsKey) ?? 0, 0, int.MaxValue),
                (int)Math.Clamp(file.GetInteger(WindowLengthKey) ?? 0, 0, int.MaxValue)
            )
            : throw GgufProblem.Of(
                path,
                $"has no tensor that ends in '{SumsEnding}': it is a model, or something else",
                "Give the file that LocalModel.ComputeImportanceMatrixAsync or llama-imatrix wrote."
            );
    }

    private static float[] ReadFloats(GgufReader reader, GgufTensor tensor)
    {
        if (tensor.TypeNumber != GgufTensorType.Float32 || tensor.ElementCount > Array.MaxLength)
        {
            throw GgufProblem.Of(reader.Path, $"has tensor '{tensor.Name}' as {tensor.Type.Name}, {tensor.Shape}: F32 is needed");
        }

        var numbers = new float[tensor.ElementCount];
        reader.Seek(tensor.Offset);
        reader.Read(MemoryMarshal.AsBytes(numbers.AsSpan()), $"tensor '{tensor.Name}'");
        return numbers;
    }

    // The form from before 2025, without a magic number: means times windows, and the number of windows for all experts together.
    private static ImportanceMatrix ReadOlder(string path)
    {
        const int MostEntries = 65_536;
        const int LongestName = 255;
        using var reader = new GgufReader(path);
        var count = reader.ReadUInt32("the number of entries");
        if (count is 0 or > MostEntries)
        {
            throw GgufProblem.Of(
                path,
                "is no importance matrix, neither in the format GGUF nor in the older one",
                "Give the file that LocalModel.ComputeImportanceMatrixAsync or llama-imatrix wrote."
            );
        }

        var entries = new Dictionary<string, ImportanceEntry>(StringComparer.Ordinal);
        for (var i = 1u; i <= count; i++)
        {
            var what = $"entry {i} of {count} of an importance matrix";
            var name = Encoding.UTF8.GetString(ReadBytes(reader, LongestName, what));
            var windows = (int)reader.ReadUInt32(what);
            var sums = MemoryMarshal.Cast<byte, float>(ReadBytes(reader, int.MaxValue, what, sizeof(float))).ToArray();
            if (!entries.TryAdd(name, new ImportanceEntry(sums, [Math.Max(1, windows)])))
            {
                throw GgufProblem.Of(path, $"has {GgufProblem.Quote(name)} twice");
            }
        }

        var seen = reader.Left >= sizeof(int) ? (int)reader.ReadUInt32("the number of windows") : 0;
        string[] datasets =
            reader.Left >= sizeof(int) ? [Encoding.UTF8.GetString(ReadBytes(reader, GgufReader.LongestText, "the text's name"))] : [];
        return new ImportanceMatrix(entries, datasets, Math.Max(0, seen), WindowLength: 0);
    }

    private static byte[] ReadBytes(GgufReader reader, int most, string what, int size = 1)
    {
        var count = reader.ReadUInt32(what);
        if (count == 0 || count > most || count * (long)size > reader.Left)
        {
            throw GgufProblem.Of(
                reader.Path,
                $"is damaged, or no importance matrix: {what} counts {GgufProblem.Number(count)} where {GgufProblem.Number(reader.Left)} bytes follow"
            );
        }

        var bytes = new byte[count * size];
        reader.Read(bytes, what);
        return bytes;
    }

    private static void WriteText(BinaryWriter writer, string text)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        writer.Write((long)bytes.Length);
        writer.Write(bytes);
    }

    private static void WriteNumber(BinaryWriter writer, string key, int value)
    {
        WriteText(writer, key);
        writer.Write((int)GgufValueType.UInt32);
        writer.Write(value);
    }

    /// <summary>Writes what is said of a tensor.</summary>
    /// <returns>Where the next one begins.</returns>
    private static long WriteTensor(BinaryWriter writer, string name, int columns, int rows, long offset)
    {
        WriteText(writer, name);
        writer.Write(rows == 1 ? 1 : 2);
        writer.Write((long)columns);
        if (rows != 1)
        {
            writer.Write((long)rows);
        }

        writer.Write(GgufTensorType.Float32);
        writer.Write(offset);
        var length = sizeof(float) * (long)columns * rows;
        return offset + ((length + Alignment - 1) / Alignment * Alignment);
    }

    private static void Pad(BinaryWriter writer)
    {
        var length = (int)((Alignment - (writer.BaseStream.Position % Alignment)) % Alignment);
        writer.Write(new byte[length]);
    }
}
