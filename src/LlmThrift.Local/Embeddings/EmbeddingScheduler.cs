using System.Numerics;
using LlmThrift.Local.Models;

namespace LlmThrift.Local.Embeddings;

/// <summary>
/// Puts texts of all callers together into batches, a text of each in turn, so that one question does not wait for all of a large job. Safe for concurrent use; the work is
/// done on the thread pool, one batch at a time. Owns the model.
/// </summary>
internal sealed class EmbeddingScheduler(LoadedModel model, LocalEmbeddingPooling pooling, int maxTokens, int batchSize, int threads)
    : IDisposable
{
    private readonly Lock _gate = new();
    private readonly LinkedList<EmbeddingRequest> _waiting = [];
    private readonly List<(EmbeddingRequest Request, int Text)> _batch = [];
    private EmbeddingContext? _context = new(model, pooling, Math.Min(batchSize, maxTokens * EmbeddingContext.MostTexts), threads);
    private bool _isWorking;
    private bool _isDisposed;

    /// <summary>Asks for vectors.</summary>
    /// <exception cref="ObjectDisposedException">The scheduler is disposed.</exception>
    public void Enqueue(EmbeddingRequest request)
    {
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_isDisposed, typeof(LocalEmbeddingGenerator));
            _waiting.AddLast(request);
            if (!_isWorking)
            {
                _isWorking = true;
                _ = Task.Run(Work);
            }
        }
    }

    /// <summary>
    /// Ends the work after the batch that is being evaluated: who waits gets an <see cref="ObjectDisposedException"/>. The model is freed with the scheduler.
    /// </summary>
    public void Dispose()
    {
        lock (_gate)
        {
            _isDisposed = true;
            if (!_isWorking)
            {
                Free();
            }
        }
    }

    private void Work()
    {
        while (true)
        {
            lock (_gate)
            {
                try
                {
                    if (_isDisposed || !Fill())
                    {
                        _isWorking = false;
                        if (_isDisposed)
                        {
                            Free();
                        }

                        return;
                    }
                }
                catch (Exception problem)
                {
                    // There was no room for a long text: that is the end of its request alone.
                    _waiting.First!.Value.Fail(problem);
                    continue;
                }
            }

            Evaluate();
        }
    }

    private void Free()
    {
        FailAll(new ObjectDisposedException(nameof(LocalEmbeddingGenerator), "The embedding model was disposed while it worked."));
        _context?.Dispose();
        _context = null;
        model.Dispose();
    }

    /// <summary>Fills the batch; false when nobody waits.</summary>
    private bool Fill()
    {
        _batch.Clear();
        for (var node = _waiting.First; node is not null; )
        {
            var next = node.Next;
            if (node.Value.IsCancelled)
            {
                node.Value.Cancel();
            }

            if (node.Value.IsOver)
            {
                _waiting.Remove(node);
            }

            node = next;
        }

        if (_waiting.First is not { } first)
        {
            return false;
        }

        var context = MakeRoomFor(first.Value.Texts[first.Value.Next].Length);
        context.Begin();

        // Who has had a text goes to the end of the queue, so that all have their turn. The first text always fits.
        while (_waiting.First is { } node)
        {
            var request = node.Value;
            if (!context.TryAdd(request.Texts[request.Next]))
            {
                break;
            }

            _batch.Add((request, request.Next++));
            _waiting.RemoveFirst();
            if (request.Next < request.Texts.Count)
            {
                _waiting.AddLast(node);
            }
        }

        return true;
    }

    /// <summary>A context for a text of a length: for a long one a larger one takes the place of that which is there.</summary>
    private EmbeddingContext MakeRoomFor(int tokens)
    {
        if (_context is { } context && context.Capacity >= tokens)
        {
            return context;
        }

        _context?.Dispose();
        _context = null;
        var capacity = Math.Min(maxTokens, (int)BitOperations.RoundUpToPowerOf2((uint)tokens));
        return _context = new EmbeddingContext(model, pooling, Math.Max(batchSize, capacity), threads);
    }

    private void Evaluate()
    {
        try
        {
            var context = _context!;
            var result = context.Evaluate();
            if (result != 0)
            {
                throw new LocalModelException($"llama.cpp could not evaluate a batch of texts (code {result}); its log says why.");
            }

            for (var i = 0; i < _batch.Count; i++)
            {
                var (request, text) = _batch[i];
                var vector = context.Vector(i);
                if (vector.IsEmpty)
                {
                    request.Fail(new LocalModelException($"llama.cpp gave no vector for a text: {model.Path} may be no model for that."));
                }
                else
                {
                    // An array for each, so that a vector that is kept does not keep its neighbours.
                    request.Set(text, vector.ToArray());
                }
            }
        }
        catch (Exception problem)
        {
            foreach (var (request, _) in _batch)
            {
                request.Fail(problem);
            }
        }
    }

    private void FailAll(Exception problem)
    {
        foreach (var request in _waiting)
        {
            request.Fail(problem);
        }

        _waiting.Clear();
    }
}
