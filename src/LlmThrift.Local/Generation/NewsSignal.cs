using System.Threading.Tasks.Sources;

namespace LlmThrift.Local.Generation;

/// <summary>
/// Tells one reader that there is news, or that there will be no more. One signal is enough, however much has come. Waiting allocates nothing, as it happens once for each
/// token of a stream.
/// </summary>
internal sealed class NewsSignal : IValueTaskSource<bool>
{
    private readonly Lock _gate = new();

    // The reader must not run on the thread that makes the answers.
    private ManualResetValueTaskSourceCore<bool> _source = new() { RunContinuationsAsynchronously = true };
    private bool _hasNews;
    private bool _isOver;
    private bool _isAwaited;

    /// <summary>There is news.</summary>
    public void Set()
    {
        lock (_gate)
        {
            if (!_isAwaited)
            {
                _hasNews = true;
                return;
            }

            _isAwaited = false;
        }

        _source.SetResult(true);
    }

    /// <summary>There will be no more.</summary>
    public void Complete()
    {
        lock (_gate)
        {
            _isOver = true;
            if (!_isAwaited)
            {
                return;
            }

            _isAwaited = false;
        }

        _source.SetResult(false);
    }

    /// <summary>Ends the waiting, if somebody waits.</summary>
    public void Cancel(CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            if (!_isAwaited)
            {
                return;
            }

            _isAwaited = false;
        }

        _source.SetException(new OperationCanceledException(cancellationToken));
    }

    /// <summary>Waits for news; by one reader, and not again before the task is awaited.</summary>
    /// <returns>False when there will be no more.</returns>
    public ValueTask<bool> WaitAsync()
    {
        lock (_gate)
        {
            if (_hasNews || _isOver)
            {
                var hasNews = _hasNews;
                _hasNews = false;
                return new ValueTask<bool>(hasNews);
            }

            _source.Reset();
            _isAwaited = true;
            return new ValueTask<bool>(this, _source.Version);
        }
    }

    bool IValueTaskSource<bool>.GetResult(short token) => _source.GetResult(token);

    ValueTaskSourceStatus IValueTaskSource<bool>.GetStatus(short token) => _source.GetStatus(token);

    void IValueTaskSource<bool>.OnCompleted(
        Action<object?> continuation,
        object? state,
        short token,
        ValueTaskSourceOnCompletedFlags flags
    ) => _source.OnCompleted(continuation, state, token, flags);
}
