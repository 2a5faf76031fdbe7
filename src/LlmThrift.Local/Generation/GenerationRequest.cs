using LlmThrift.Local.Tools;
using Microsoft.Extensions.AI;

namespace LlmThrift.Local.Generation;

/// <summary>An answer that is asked for: what it is made of, and what has come of it. Written by the scheduler's thread, read by one caller.</summary>
internal sealed class GenerationRequest(
    int[] prompt,
    int maxTokens,
    SamplingSettings sampling,
    IReadOnlyList<string> stopSequences,
    bool isStreamed,
    CancellationToken cancellationToken,
    ToolCallReader? calls = null,
    TimeSpan streamInterval = default
)
{
    private readonly Lock _gate = new();
    private readonly AnswerText _text = new(stopSequences);
    private readonly TaskCompletionSource<GenerationOutcome> _outcome = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private readonly NewsSignal? _news = isStreamed ? new NewsSignal(streamInterval) : null;
    private CancellationTokenRegistration _cancellation;
    private int _read;
    private int _readCalls;
    private int _announced;
    private volatile bool _isAbandoned;

    public int[] Prompt => prompt;

    public int MaxTokens => maxTokens;

    public SamplingSettings Sampling => sampling;

    /// <summary>Takes calls out of the answer; null without tools.</summary>
    public ToolCallReader? Calls => calls;

    /// <summary>Nobody waits for the answer any more.</summary>
    public bool IsCancelled => _isAbandoned || cancellationToken.IsCancellationRequested;

    /// <summary>Ends when the answer is whole; fails with what went wrong.</summary>
    public Task<GenerationOutcome> Outcome => _outcome.Task;

    public int OutputTokens { get; private set; }

    /// <summary>Takes the bytes of a token.</summary>
    /// <returns>Whether the answer is over: a stop sequence came, or the one call that is allowed.</returns>
    public bool Add(ReadOnlySpan<byte> piece)
    {
        bool isNew;
        lock (_gate)
        {
            OutputTokens++;
            if (calls is null)
            {
                _text.Add(piece);
            }
            else
            {
                var wasInCall = calls.IsInCall;
                calls.Add(piece, _text.Add);
                if (calls.IsInCall && !wasInCall)
                {
                    // A stop sequence ends text, and what may have been the beginning of one is text now.
                    _text.End();
                }
            }

            var certain = _text.Certain + (calls?.Calls.Count ?? 0);
            isNew = certain > _announced;
            _announced = certain;
        }

        if (isNew)
        {
            _news?.Set();
        }

        return _text.IsStopped || calls is { IsDone: true };
    }

    public void Finish(ChatFinishReason reason, int cachedTokens)
    {
        lock (_gate)
        {
            calls?.End(_text.Add);
            _text.End();
        }

        reason = reason == ChatFinishReason.Stop && calls is { Calls.Count: > 0 } ? ChatFinishReason.ToolCalls : reason;
        _outcome.TrySetResult(new GenerationOutcome(reason, prompt.Length, cachedTokens, OutputTokens));
        _news?.Complete();
    }

    public void Fail(Exception problem)
    {
        if (problem is OperationCanceledException)
        {
            _outcome.TrySetCanceled(cancellationToken.IsCancellationRequested ? cancellationToken : default);
        }
        else
        {
            _outcome.TrySetException(problem);
        }

        _news?.Complete();
    }

    /// <summary>The caller leaves.</summary>
    public void Abandon()
    {
        _isAbandoned = true;
        _cancellation.Dispose();
        _news?.Dispose();
    }

    /// <summary>Waits until there is more text, or the end.</summary>
    /// <returns>False at the end.</returns>
    public ValueTask<bool> WaitForTextAsync()
    {
        // A step may take long, and who cancels should not wait for it.
        if (cancellationToken.CanBeCanceled && _cancellation == default)
        {
            _cancellation = cancellationToken.UnsafeRegister(static (news, token) => ((NewsSignal)news!).Cancel(token), _news);
        }

        var waiting = _news!.WaitAsync();
        if (cancellationToken.IsCancellationRequested)
        {
            // It may have come before the waiting began.
            _news.Cancel(cancellationToken);
        }

        return waiting;
    }

    /// <summary>The certain text that was not taken yet.</summary>
    public string TakeText()
    {
        lock (_gate)
        {
            var from = _read;
            _read = _text.Certain;
            return from == _read ? "" : _text.Read(from, _read - from);
        }
    }

    /// <summary>The next call that was not taken yet; null if there is none, or text before it was not taken.</summary>
    public FunctionCallContent? TakeCall()
    {
        lock (_gate)
        {
            return calls is not null && _read == _text.Certain && _readCalls < calls.Calls.Count ? calls.Calls[_readCalls++] : null;
        }
    }
}
