using System.Runtime.InteropServices;
using System.Text;
using LlmThrift.Local.Native;

namespace LlmThrift.Local.Quantizing;

/// <summary>An importance matrix in native memory, and what is written of it into the model's metadata, as <c>llama-quantize</c> passes both to the library.</summary>
internal sealed unsafe class NativeImportance : IDisposable
{
    private readonly List<nint> _memory = [];

    public NativeImportance(string path, ImportanceMatrix matrix)
    {
        var data = Allocate<LlamaImportanceData>(matrix.Entries.Count + 1);
        Data = (nint)data;
        foreach (var (name, entry) in matrix.Entries)
        {
            var bytes = Encoding.UTF8.GetBytes(name);
            data->Name = Allocate<byte>(bytes.Length + 1);
            bytes.CopyTo(new Span<byte>(data->Name, bytes.Length));
            data->Data = Allocate<float>(entry.Sums.Length);
            data->Count = (nuint)entry.Sums.Length;
            entry.WriteMeans(new Span<float>(data->Data, entry.Sums.Length));
            data++;
        }

        var overrides = Allocate<LlamaMetadataOverride>(5);
        Metadata = (nint)overrides;

        // Without the folder: models are passed on, and it would tell of this machine.
        SetText(overrides++, "quantize.imatrix.file", Path.GetFileName(path));
        if (matrix.Datasets.Count > 0)
        {
            SetText(overrides++, "quantize.imatrix.dataset", matrix.Datasets[0]);
        }

        SetInteger(overrides++, "quantize.imatrix.entries_count", matrix.Entries.Count);
        if (matrix.Windows > 0)
        {
            SetInteger(overrides, "quantize.imatrix.chunks_count", matrix.Windows);
        }
    }

    /// <summary>For <see cref="LlamaQuantizeParameters.ImportanceMatrix"/>.</summary>
    public nint Data { get; }

    /// <summary>For <see cref="LlamaQuantizeParameters.MetadataOverrides"/>.</summary>
    public nint Metadata { get; }

    public void Dispose()
    {
        foreach (var memory in _memory)
        {
            NativeMemory.Free((void*)memory);
        }
    }

    private static void SetText(LlamaMetadataOverride* value, string key, string text)
    {
        value->Kind = LlamaMetadataOverride.TextKind;
        SetZeroEnded(value->Key, key);
        SetZeroEnded(value->Text, text);
    }

    private static void SetInteger(LlamaMetadataOverride* value, string key, int number)
    {
        value->Kind = LlamaMetadataOverride.IntegerKind;
        SetZeroEnded(value->Key, key);
        value->Integer = number;
    }

    private static void SetZeroEnded(byte* destination, string text) =>
        Encoding
            .UTF8.GetEncoder()
            .Convert(text, new Span<byte>(destination, LlamaMetadataOverride.Longest), flush: true, out _, out _, out _);

    private T* Allocate<T>(int count)
        where T : unmanaged
    {
        var memory = NativeMemory.AllocZeroed((nuint)count, (nuint)sizeof(T));
        _memory.Add((nint)memory);
        return (T*)memory;
    }
}
