using System.Numerics.Tensors;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;
using LlmThrift.Local.Native;

namespace LlmThrift.Local.Quantizing;

/// <summary>
/// Sums the squares of what goes into every matrix of the layers while llama.cpp evaluates, as <c>llama-imatrix</c> does. Used by one context, on the thread that
/// evaluates.
/// </summary>
internal sealed unsafe class ActivationCollector : IDisposable
{
    // GGML_OP_MUL_MAT and GGML_OP_MUL_MAT_ID, the product with the matrices of chosen experts.
    internal const int Product = 29;
    internal const int ExpertProduct = 30;

    private readonly Dictionary<string, ImportanceEntry> _entries = new(StringComparer.Ordinal);
    private readonly CancellationToken _cancellationToken;
    private GCHandle _self;
    private byte[] _input = [];
    private byte[] _experts = [];
    private Exception? _problem;

    public ActivationCollector(CancellationToken cancellationToken)
    {
        _cancellationToken = cancellationToken;
        _self = GCHandle.Alloc(this);
    }

    public static nint Callback => (nint)(delegate* unmanaged[Cdecl]<GgmlTensor*, byte, void*, byte>)&OnTensor;

    public nint Data => GCHandle.ToIntPtr(_self);

    public IReadOnlyDictionary<string, ImportanceEntry> Entries => _entries;

    /// <summary>Throws what went wrong while llama.cpp evaluated, or that the work was cancelled.</summary>
    public void ThrowIfFailed()
    {
        _cancellationToken.ThrowIfCancellationRequested();
        if (_problem is not null)
        {
            throw new LocalModelException($"The model's activations cannot be collected: {_problem.Message}", _problem);
        }
    }

    public void Dispose() => _self.Free();

    /// <summary>Called twice for a node of the graph: whether its numbers are wanted, and when they are there. False the second time: compute no further.</summary>
    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static byte OnTensor(GgmlTensor* tensor, byte isQuestion, void* data)
    {
        // Nothing may be thrown into native code.
        var collector = (ActivationCollector)GCHandle.FromIntPtr((nint)data).Target!;
        try
        {
            if (isQuestion != 0)
            {
                return IsWanted(tensor) ? (byte)1 : (byte)0;
            }

            if (collector._problem is null && !collector._cancellationToken.IsCancellationRequested)
            {
                collector.Collect(tensor);
                return 1;
            }
        }
        catch (Exception problem)
        {
            collector._problem = problem;
        }

        return 0;
    }

    private static bool IsWanted(GgmlTensor* tensor) =>
        tensor->Operation is Product or ExpertProduct
        && tensor->Source1->Type == Gguf.GgufTensorType.Float32
        && NameOf(tensor->Source0).StartsWith("blk."u8);

    /// <summary>The name in the file: a copy of a matrix on a device is named like CUDA0#blk.0.attn_k.weight#0.</summary>
    private static ReadOnlySpan<byte> NameOf(GgmlTensor* tensor)
    {
        var name = MemoryMarshal.CreateReadOnlySpanFromNullTerminated(tensor->Name);
        var start = name.IndexOf((byte)'#');
        if (start < 0)
        {
            return name;
        }

        name = name[(start + 1)..];
        return name.IndexOf((byte)'#') is >= 0 and var end ? name[..end] : name;
    }

    private void Collect(GgmlTensor* tensor)
    {
        var weights = tensor->Source0;
        var input = tensor->Source1;
        var name = Encoding.UTF8.GetString(NameOf(weights));
        if (input->Strides[0] != sizeof(float))
        {
            throw new NotSupportedException($"the input of '{name}' does not lie in rows");
        }

        var matrices = (int)(weights->Lengths[2] * weights->Lengths[3]);
        var columns = (int)input->Lengths[0];
        var isExperts = tensor->Operation == ExpertProduct;
        if (!_entries.TryGetValue(name, out var entry))
        {
            entry = new ImportanceEntry(new float[columns * matrices], new long[isExperts ? matrices : 1]);
            _entries.Add(name, entry);
        }

        if (entry.Sums.Length != columns * matrices || entry.Counts.Length != (isExperts ? matrices : 1))
        {
            throw new NotSupportedException($"'{name}' is used in two ways");
        }

        if (LlamaNative.IsInMainMemory(input->Buffer))
        {
            Add(input->Data);
            return;
        }

        fixed (byte* data = Copy(input, ref _input))
        {
            Add(data);
        }

        void Add(byte* data)
        {
            if (isExperts)
            {
                AddExperts(tensor, data, entry);
            }
            else
            {
                AddRows(weights, input, data, entry);
            }
        }
    }

    private static void AddRows(GgmlTensor* weights, GgmlTensor* input, byte* data, ImportanceEntry entry)
    {
        var columns = (int)input->Lengths[0];
        var matrices = weights->Lengths[2] * weights->Lengths[3];
        for (var i3 = 0L; i3 < input->Lengths[3]; i3++)
        {
            for (var i2 = 0L; i2 < input->Lengths[2]; i2++)
            {
                var matrix = (int)(((i3 % weights->Lengths[3]) * weights->Lengths[2]) + (i2 % weights->Lengths[2]));
                var sums = entry.Sums.AsSpan(matrix * columns, columns);
                for (var row = 0L; row < input->Lengths[1]; row++)
                {
                    AddSquares(data + Offset(input, row, i2) + (i3 * (long)input->Strides[3]), sums);
                }
            }
        }

        entry.Counts[0] += input->Lengths[1] * input->Lengths[2] * input->Lengths[3] / matrices;
    }

    /// <summary>Adds each token's input to the sums of the experts that it was sent to.</summary>
    private void AddExperts(GgmlTensor* tensor, byte* data, ImportanceEntry entry)
    {
        // The input is of columns x (experts a token, or 1 for all of them) x tokens, the choice of experts a token x tokens.
        var input = tensor->Source1;
        var choice = tensor->Source2;
        var columns = (int)input->Lengths[0];
        var chosen = Copy(choice, ref _experts);
        for (var i = 0L; i < choice->Lengths[0]; i++)
        {
            for (var token = 0L; token < input->Lengths[2]; token++)
            {
                var place = (int)((token * (long)choice->Strides[1]) + (i * (long)choice->Strides[0]));
                var expert = MemoryMarshal.Read<int>(chosen.AsSpan(place));
                entry.Counts[expert]++;
                AddSquares(data + Offset(input, i % input->Lengths[1], token), entry.Sums.AsSpan(expert * columns, columns));
            }
        }
    }

    private static long Offset(GgmlTensor* tensor, long i1, long i2) => (i1 * (long)tensor->Strides[1]) + (i2 * (long)tensor->Strides[2]);

    private static void AddSquares(byte* row, Span<float> sums)
    {
        var input = new ReadOnlySpan<float>(row, sums.Length);
        TensorPrimitives.MultiplyAdd(input, input, sums, sums);
    }

    private static byte[] Copy(GgmlTensor* tensor, ref byte[] buffer)
    {
        var length = (int)LlamaNative.BytesOf(tensor);
        if (buffer.Length < length)
        {
            buffer = new byte[length];
        }

        fixed (byte* destination = buffer)
        {
            LlamaNative.CopyFromTensor(tensor, destination, 0, (nuint)length);
        }

        return buffer;
    }
}
