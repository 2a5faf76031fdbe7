using System.Runtime.InteropServices;
using LlmThrift.Local.Models;
using LlmThrift.Local.Native;

namespace LlmThrift.Local.Embeddings;

/// <summary>llama.cpp's context for embeddings: a batch of texts, each a sequence of its own, becomes a vector each. Used by one thread at a time.</summary>
internal sealed unsafe class EmbeddingContext : IDisposable
{
    /// <summary>The most texts of a batch.</summary>
    public const int MostTexts = 64;

    private readonly LlamaContextHandle _handle;
    private readonly nint _memory;
    private readonly bool _isEncoder;
    private readonly int _dimensions;
    private readonly byte* _buffer;
    private LlamaBatch _batch;

    /// <exception cref="LocalModelException">There is not enough memory, or the settings do not fit the model.</exception>
    public EmbeddingContext(LoadedModel model, LocalEmbeddingPooling pooling, int capacity, int threads)
    {
        Capacity = capacity;
        _dimensions = LlamaNative.EmbeddingLength(model.Handle);
        _isEncoder = LlamaNative.HasEncoder(model.Handle);
        var parameters = LlamaNative.DefaultContextParameters();
        parameters.ContextLength = (uint)capacity;
        parameters.BatchSize = (uint)capacity;

        // A text must not be divided: its pooled vector would be that of its last part, and encoders see all of it at once.
        parameters.MicroBatchSize = (uint)capacity;
        parameters.Sequences = (uint)Math.Min(MostTexts, capacity);
        parameters.Threads = threads;
        parameters.BatchThreads = threads;
        parameters.Pooling = (int)pooling;
        parameters.Embeddings = 1;
        parameters.NoTimings = 1;
        parameters.UnifiedKeyValues = 1;
        _handle = new LlamaContextHandle(LlamaNative.CreateContext(model.Handle, parameters));
        if (_handle.IsInvalid)
        {
            _handle.Dispose();
            throw new LocalModelException(
                $"llama.cpp cannot make a context of {capacity} tokens for {model.Path}; its log says why. Lower MaxTokens or BatchSize."
            );
        }

        // Encoders have none.
        _memory = LlamaNative.Memory(_handle);

        // Per token: its id, position, number of sequences, a pointer to its sequence, the sequence, whether it has an output.
        _buffer = (byte*)NativeMemory.AllocZeroed((nuint)capacity, (5 * sizeof(int)) + (nuint)sizeof(nint));
        _batch.Sequences = (int**)_buffer;
        _batch.Tokens = (int*)(_batch.Sequences + capacity);
        _batch.Positions = _batch.Tokens + capacity;
        _batch.SequenceCounts = _batch.Positions + capacity;
        var sequenceIds = _batch.SequenceCounts + capacity;
        _batch.Outputs = (byte*)(sequenceIds + capacity);
        for (var i = 0; i < capacity; i++)
        {
            _batch.SequenceCounts[i] = 1;
            _batch.Sequences[i] = sequenceIds + i;
            _batch.Outputs[i] = 1;
        }
    }

    /// <summary>The most tokens of a batch.</summary>
    public int Capacity { get; }

    /// <summary>How many texts are in the batch.</summary>
    public int Texts { get; private set; }

    /// <summary>Empties the batch.</summary>
    public void Begin() => (_batch.Count, Texts) = (0, 0);

    /// <summary>Adds a text to the batch, unless there is no room for it.</summary>
    public bool TryAdd(ReadOnlySpan<int> tokens)
    {
        if (Texts == MostTexts || tokens.Length > Capacity - _batch.Count)
        {
            return false;
        }

        for (var i = 0; i < tokens.Length; i++)
        {
            var place = _batch.Count++;
            _batch.Tokens[place] = tokens[i];
            _batch.Positions[place] = i;
            _batch.Sequences[place][0] = Texts;
        }

        Texts++;
        return true;
    }

    /// <summary>Evaluates the batch.</summary>
    /// <returns>0 when done, other values as <c>llama_decode</c>.</returns>
    public int Evaluate()
    {
        if (_memory != 0)
        {
            LlamaNative.ClearMemory(_memory, data: false);
        }

        return _isEncoder ? LlamaNative.Encode(_handle, _batch) : LlamaNative.Decode(_handle, _batch);
    }

    /// <summary>The vector of a text of the batch that was evaluated; empty where there is none.</summary>
    public ReadOnlySpan<float> Vector(int text)
    {
        var vector = LlamaNative.Embedding(_handle, text);
        return vector is null ? [] : new ReadOnlySpan<float>(vector, _dimensions);
    }

    public void Dispose()
    {
        _handle.Dispose();
        NativeMemory.Free(_buffer);
    }
}
