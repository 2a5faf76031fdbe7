using System.Runtime.InteropServices;
using LlmThrift.Local.Models;
using LlmThrift.Local.Native;
using LlmThrift.Local.Quantizing;

namespace LlmThrift.Local.Generation;

/// <summary>llama.cpp's context: memory of several sequences, and a batch to evaluate tokens of any of them. Used by one thread.</summary>
internal sealed unsafe class InferenceContext : IDisposable
{
    private readonly LlamaContextHandle _handle;
    private readonly nint _memory;
    private readonly int _vocabularySize;
    private readonly int _capacity;
    private readonly byte* _buffer;
    private LlamaBatch _batch;

    /// <param name="model">The model.</param>
    /// <param name="contextLength">Tokens of a sequence.</param>
    /// <param name="sequences">How many sequences there are.</param>
    /// <param name="batchSize">Tokens that are evaluated at once.</param>
    /// <param name="threads">Threads that compute.</param>
    /// <param name="collector">Sees the numbers between the layers; null for none. It must live as long as the context.</param>
    /// <exception cref="LocalModelException">There is not enough memory, or the settings do not fit the model.</exception>
    public InferenceContext(
        LoadedModel model,
        int contextLength,
        int sequences,
        int batchSize,
        int threads,
        ActivationCollector? collector = null
    )
    {
        _vocabularySize = model.VocabularySize;
        _capacity = batchSize;
        var parameters = LlamaNative.DefaultContextParameters();
        parameters.ContextLength = (uint)((long)contextLength * sequences);
        parameters.BatchSize = (uint)batchSize;
        parameters.MicroBatchSize = (uint)Math.Min(batchSize, 512);
        parameters.Sequences = (uint)sequences;
        parameters.Threads = threads;
        parameters.BatchThreads = threads;
        parameters.NoTimings = 1;

        // Each sequence has a memory of its own. In one for all, every token is compared with what every sequence holds, if only to find that it does not matter to it.
        parameters.UnifiedKeyValues = 0;
        if (collector is not null)
        {
            parameters.EvaluationCallback = ActivationCollector.Callback;
            parameters.EvaluationData = collector.Data;
        }

        _handle = new LlamaContextHandle(LlamaNative.CreateContext(model.Handle, parameters));
        if (_handle.IsInvalid)
        {
            _handle.Dispose();
            throw new LocalModelException(
                $"llama.cpp cannot make a context of {sequences} × {contextLength} tokens for {model.Path}; its log says why. Lower ContextLength or MaxConcurrency."
            );
        }

        _memory = LlamaNative.Memory(_handle);

        // Per token: its id, position, number of sequences, a pointer to its sequence, the sequence, whether it has an output.
        _buffer = (byte*)NativeMemory.AllocZeroed((nuint)batchSize, (5 * sizeof(int)) + (nuint)sizeof(nint));
        _batch.Sequences = (int**)_buffer;
        _batch.Tokens = (int*)(_batch.Sequences + batchSize);
        _batch.Positions = _batch.Tokens + batchSize;
        _batch.SequenceCounts = _batch.Positions + batchSize;
        var sequenceIds = _batch.SequenceCounts + batchSize;
        _batch.Outputs = (byte*)(sequenceIds + batchSize);
        for (var i = 0; i < batchSize; i++)
        {
            _batch.SequenceCounts[i] = 1;
            _batch.Sequences[i] = sequenceIds + i;
        }
    }

    /// <summary>How many more tokens the batch takes.</summary>
    public int Room => _capacity - _batch.Count;

    public int Count => _batch.Count;

    public void Begin() => _batch.Count = 0;

    /// <summary>Adds a token to the batch.</summary>
    /// <returns>Its place in it.</returns>
    public int Add(int token, int position, int sequence, bool hasOutput)
    {
        var place = _batch.Count++;
        _batch.Tokens[place] = token;
        _batch.Positions[place] = position;
        _batch.Sequences[place][0] = sequence;
        _batch.Outputs[place] = hasOutput ? (byte)1 : (byte)0;
        return place;
    }

    /// <summary>Evaluates the batch.</summary>
    /// <returns>0 when done, 1 when the memory is full, other values as <c>llama_decode</c>.</returns>
    public int Evaluate() => LlamaNative.Decode(_handle, _batch);

    /// <summary>The log-odds of all tokens after the one at a place of the batch that has an output.</summary>
    public ReadOnlySpan<float> Logits(int place)
    {
        var logits = LlamaNative.Logits(_handle, place);
        return logits is null ? [] : new ReadOnlySpan<float>(logits, _vocabularySize);
    }

    /// <summary>Forgets the tokens of a sequence from a position on.</summary>
    /// <returns>False when the model can only forget all of it, and nothing was done.</returns>
    public bool Forget(int sequence, int from) => LlamaNative.RemoveFromSequence(_memory, sequence, from == 0 ? -1 : from, -1);

    /// <summary>Makes the first tokens of a sequence those of another; what it had is lost.</summary>
    /// <returns>False when the model cannot keep the beginning of a sequence alone, and the sequence is empty now.</returns>
    public bool Share(int source, int destination, int count)
    {
        // Memories of their own can only be copied as a whole.
        Forget(destination, 0);
        LlamaNative.CopySequence(_memory, source, destination, -1, -1);
        if (Forget(destination, count))
        {
            return true;
        }

        Forget(destination, 0);
        return false;
    }

    public void Dispose()
    {
        _handle.Dispose();
        NativeMemory.Free(_buffer);
    }
}
