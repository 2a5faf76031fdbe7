using LlmThrift.Local.Models;
using LlmThrift.Local.Native;
using Microsoft.Extensions.AI;

namespace LlmThrift.Local.Generation;

/// <summary>
/// Makes several answers at once with one context: each step evaluates the next token of every answer that is being made, and as much of the prompts that wait as
/// the batch has room for (continuous batching, Yu et al., "Orca", OSDI 2022). Prompts that begin alike are evaluated once, whether they come one after
/// another or at the same time. Safe for concurrent use; the work is done by a thread of its own.
/// </summary>
internal sealed class InferenceScheduler : IDisposable
{
    /// <summary>Fewer tokens in common are not worth waiting for, copying, or keeping for a longer prompt: from the beginning on, attention has fewer blocks to compute.</summary>
    private const int LeastShared = 16;

    /// <summary>The most free slots between two busy ones that are padded.</summary>
    private const int MostPadding = 4;

    /// <summary>Any token will do.</summary>
    private const int PaddingToken = 0;

    private readonly LoadedModel _model;
    private readonly InferenceContext _context;
    private readonly Slot[] _slots;
    private readonly int _contextLength;
    private readonly int _queueLimit;
    private readonly LlamaTokenData[] _candidates;
    private readonly Lock _gate = new();
    private readonly LinkedList<GenerationRequest> _waiting = [];
    private readonly SemaphoreSlim _work = new(0);
    private readonly Thread _thread;
    private long _uses;

    /// <summary>Tokens of the next step, without padding.</summary>
    private int _planned;
    private bool _isDisposed;
    private long _evaluatedTokens;

    public InferenceScheduler(LoadedModel model, InferenceContext context, int contextLength, int sequences, int queueLimit)
    {
        (_model, _context, _contextLength, _queueLimit) = (model, context, contextLength, queueLimit);
        _slots = [.. Enumerable.Range(0, sequences).Select(id => new Slot(id))];
        _candidates = GC.AllocateUninitializedArray<LlamaTokenData>(model.VocabularySize, pinned: true);
        _thread = new Thread(Run) { IsBackground = true, Name = "LlmThrift.Local" };
        _thread.Start();
    }

    /// <summary>How many tokens were evaluated since the beginning, of prompts and answers.</summary>
    public long EvaluatedTokens => Volatile.Read(ref _evaluatedTokens);

    /// <summary>Asks for an answer.</summary>
    /// <exception cref="LocalModelBusyException">Too many wait.</exception>
    /// <exception cref="ObjectDisposedException">The scheduler is disposed.</exception>
    public void Enqueue(GenerationRequest request)
    {
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_isDisposed, this);
            if (_waiting.Count >= _queueLimit)
            {
                throw new LocalModelBusyException(
                    $"{_waiting.Count} answers wait for the local model, and QueueLimit allows no more. Ask again later, raise QueueLimit or MaxConcurrency, or let the router fall back to another tier."
                );
            }

            _waiting.AddLast(request);
        }

        _work.Release();
    }

    /// <summary>Ends the work: who waits gets an <see cref="ObjectDisposedException"/>. Returns when the thread is done.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            if (_isDisposed)
            {
                return;
            }

            _isDisposed = true;
        }

        _work.Release();
        _thread.Join();
        _work.Dispose();
        _context.Dispose();
    }

    private void Run()
    {
        Exception reason = new ObjectDisposedException(nameof(LocalChatClient), "The local model was disposed while it made this answer.");
        try
        {
            while (!Volatile.Read(ref _isDisposed))
            {
                Admit();
                Release();
                if (Fill())
                {
                    Step();
                }
                else
                {
                    // Nothing to do until somebody asks, and the thread is the scheduler's own. Who waits for a prefix is never alone: whoever evaluates it has work to do.
                    _work.Wait();
                }
            }
        }
        catch (Exception problem)
        {
            reason = new LocalModelException($"The local model stopped: {problem.Message}", problem);
        }

        lock (_gate)
        {
            _isDisposed = true;
            foreach (var request in _waiting)
            {
                request.Fail(reason);
            }

            _waiting.Clear();
        }

        foreach (var slot in _slots)
        {
            slot.Request?.Fail(reason);
            slot.Sampler?.Dispose();
        }
    }

    /// <summary>Gives free slots to those who wait, in their order, but for those who wait for what another evaluates.</summary>
    private void Admit()
    {
        lock (_gate)
        {
            for (var node = _waiting.First; node is not null; )
            {
                var next = node.Next;
                if (node.Value.IsCancelled)
                {
                    node.Value.Fail(new OperationCanceledException());
                    _waiting.Remove(node);
                }
                else if (!Array.Exists(_slots, slot => slot.IsFree))
                {
                    // The others are looked at for having been cancelled.
                }
                else if (!IsBetterLater(node.Value))
                {
                    _waiting.Remove(node);
                    Begin(node.Value);
                }

                node = next;
            }
        }
    }

    /// <summary>Whether somebody is about to evaluate more of this prompt's beginning than is there yet.</summary>
    private bool IsBetterLater(GenerationRequest request)
    {
        var now = 0;
        var later = 0;
        foreach (var slot in _slots)
        {
            now = Math.Max(now, slot.EvaluatedInCommon(request.Prompt));
            later = Math.Max(later, slot.PlannedInCommon(request.Prompt));
        }

        return later >= now + LeastShared;
    }

    private void Begin(GenerationRequest request)
    {
        // The last token of a prompt is always evaluated: its output is the first token of the answer.
        ReadOnlySpan<int> prompt = request.Prompt.AsSpan(0, request.Prompt.Length - 1);
        Slot? source = null;
        Slot? target = null;
        var (shared, own) = (0, 0);
        foreach (var slot in _slots)
        {
            var common = slot.EvaluatedInCommon(prompt);
            if (common > shared)
            {
                (source, shared) = (slot, common);
            }

            // Among the free: the one that has most in common, else the one that has nothing to lose, else the one that was not used for longest.
            if (slot.IsFree && (target is null || IsBetter(slot, common, target, own)))
            {
                (target, own) = (slot, common);
            }
        }

        var chosen = target!;
        own = own >= LeastShared || 2 * own >= prompt.Length ? own : 0;
        if (own < shared && shared >= LeastShared)
        {
            // Unless what it has in common is most of what it holds, its own beginning is as good as lost.
            chosen.Tokens.Clear();
            if (_context.Share(source!.Id, chosen.Id, shared))
            {
                chosen.Tokens.AddRange(System.Runtime.InteropServices.CollectionsMarshal.AsSpan(source.Tokens)[..shared]);
            }
        }
        else if (_context.Forget(chosen.Id, own))
        {
            chosen.Tokens.RemoveRange(own, chosen.Tokens.Count - own);
        }
        else
        {
            Empty(chosen);
        }

        chosen.LastUse = ++_uses;
        chosen.Cached = chosen.Tokens.Count;
        try
        {
            chosen.Sampler = new TokenSampler(_model, request.Sampling, request.Calls);
            chosen.Request = request;
        }
        catch (LocalModelException problem)
        {
            request.Fail(problem);
        }
    }

    private static bool IsBetter(Slot slot, int common, Slot other, int otherCommon) =>
        (common >= LeastShared || otherCommon >= LeastShared) && common != otherCommon ? common > otherCommon
        : slot.Tokens.Count == 0 || other.Tokens.Count == 0 ? slot.Tokens.Count < other.Tokens.Count
        : slot.LastUse < other.LastUse;

    private void Empty(Slot slot)
    {
        _context.Forget(slot.Id, 0);
        slot.Tokens.Clear();
    }

    /// <summary>Frees the slots of those who left.</summary>
    private void Release()
    {
        foreach (var slot in _slots)
        {
            if (slot.Request is { IsCancelled: true } request)
            {
                Free(slot);
                request.Fail(new OperationCanceledException());
            }
        }
    }

    /// <summary>Fills the batch; false when there is nothing to evaluate.</summary>
    private bool Fill()
    {
        _context.Begin();
        if (!Plan())
        {
            return false;
        }

        // In the order of the slots: llama.cpp evaluates at once what sequences with consecutive numbers have in common, which is a token each.
        foreach (var slot in _slots)
        {
            slot.Output = -1;
            if (slot.Planned == 0)
            {
                continue;
            }

            if (slot.Next is { } token)
            {
                slot.Output = _context.Add(token, slot.Tokens.Count, slot.Id, hasOutput: true);
            }
            else if (slot.IsFree)
            {
                _context.Add(PaddingToken, slot.Tokens.Count, slot.Id, hasOutput: false);
            }
            else
            {
                AddPrompt(slot);
            }
        }

        return true;
    }

    private void AddPrompt(Slot slot)
    {
        var prompt = slot.PromptLeft;
        for (var i = 0; i < slot.Planned; i++)
        {
            var isLast = i == prompt.Length - 1;
            var place = _context.Add(prompt[i], slot.Tokens.Count + i, slot.Id, isLast);
            slot.Output = isLast ? place : -1;
        }

        slot.Tokens.AddRange(prompt[..slot.Planned]);
    }

    /// <summary>Says how many tokens of each slot are evaluated next; false when there are none.</summary>
    private bool Plan()
    {
        var room = _context.Room;
        foreach (var slot in _slots)
        {
            slot.Planned = slot.Next is null ? 0 : 1;
            room -= slot.Planned;
        }

        // Who came first has the prompt evaluated first.
        while (room > 0 && NextPrompt() is { } slot)
        {
            slot.Planned = Math.Min(slot.PromptLeft.Length, room);
            room -= slot.Planned;
        }

        _planned = _context.Room - room;
        var last = -1;
        for (var i = 0; i < _slots.Length; i++)
        {
            if (_slots[i].Planned == 0)
            {
                continue;
            }

            if (last >= 0 && i - last - 1 is > 0 and <= MostPadding && i - last - 1 <= room)
            {
                room -= Pad(last + 1, i);
            }

            last = i;
        }

        return last >= 0;
    }

    /// <summary>Free slots between two busy ones have a token evaluated that is forgotten at once: that is faster than to evaluate the busy ones in two turns.</summary>
    /// <returns>How many tokens that takes; 0 where one of the slots has no room for it.</returns>
    private int Pad(int from, int to)
    {
        for (var i = from; i < to; i++)
        {
            if (!_slots[i].IsFree || _slots[i].Tokens.Count >= _contextLength)
            {
                return 0;
            }
        }

        for (var i = from; i < to; i++)
        {
            _slots[i].Planned = 1;
        }

        return to - from;
    }

    private Slot? NextPrompt()
    {
        Slot? first = null;
        foreach (var slot in _slots)
        {
            first = slot.Planned == 0 && !slot.PromptLeft.IsEmpty && (first is null || slot.LastUse < first.LastUse) ? slot : first;
        }

        return first;
    }

    private void Step()
    {
        var result = _context.Evaluate();
        if (result != 0)
        {
            Give(result);
            return;
        }

        Interlocked.Add(ref _evaluatedTokens, _planned);
        foreach (var slot in _slots)
        {
            if (slot.IsFree && slot.Planned > 0 && !_context.Forget(slot.Id, slot.Tokens.Count))
            {
                // A model that cannot forget the padding alone forgets all.
                Empty(slot);
            }

            if (slot.Next is { } evaluated && slot.Output >= 0)
            {
                slot.Tokens.Add(evaluated);
                slot.Next = null;
            }

            if (slot.Output >= 0)
            {
                Take(slot);
            }
        }
    }

    /// <summary>Takes a slot's next token, and ends its answer where it is over.</summary>
    private void Take(Slot slot)
    {
        var request = slot.Request!;
        try
        {
            var logits = _context.Logits(slot.Output);
            if (logits.IsEmpty)
            {
                throw new LocalModelException("llama.cpp gave no output for a token.");
            }

            var token = slot.Sampler!.Next(logits, _candidates);
            if (_model.EndsGeneration(token))
            {
                End(slot, ChatFinishReason.Stop);
                return;
            }

            var markup = request.Calls is { } calls ? calls.MarkupOf(token) : [];
            if (request.Add(markup.IsEmpty ? _model.Piece(token) : markup))
            {
                End(slot, ChatFinishReason.Stop);
            }
            else if (request.OutputTokens >= request.MaxTokens || slot.Tokens.Count + 1 >= _contextLength)
            {
                End(slot, ChatFinishReason.Length);
            }
            else
            {
                slot.Next = token;
            }
        }
        catch (Exception problem)
        {
            // One answer that fails leaves the others alone.
            Free(slot);
            request.Fail(problem);
        }
    }

    private static void End(Slot slot, ChatFinishReason reason)
    {
        var request = slot.Request!;
        var cached = slot.Cached;
        Free(slot);
        request.Finish(reason, cached);
    }

    private static void Free(Slot slot)
    {
        slot.Request = null;
        slot.Next = null;
        slot.Output = -1;
        slot.Sampler?.Dispose();
        slot.Sampler = null;
    }

    /// <summary>The batch could not be evaluated, and what of it is in the memory is not known: everything in it begins anew or fails.</summary>
    private void Give(int result)
    {
        foreach (var slot in _slots)
        {
            if (slot.Request is { } request)
            {
                Free(slot);
                request.Fail(
                    new LocalModelException(
                        result == 1
                            ? "The context of the local model is full. Lower MaxConcurrency, or raise ContextLength."
                            : $"llama.cpp could not evaluate a batch (code {result}); its log says why."
                    )
                );
            }

            Empty(slot);
        }
    }
}
