using System.Threading.Tasks.Sources;

namespace LlmThrift.Local.Generation;

/// <summary>
/// Tells one reader that there is news, or that there will be no more. One signal is enough, however much has come, and from one to the next passes an interval, so that what
/// comes fast is told together. The first news and the end are told at once. Waiting allocates nothing, as it happens for each update of a stream.
/// </summary>
internal sealed class NewsSignal : IValueTaskSource<bool>, IDisposable
{
    private readonly Lock _gate = new();
    private readonly TimeProvider _time;
    private readonly TimeSpan _interval;
    private readonly ITimer? _timer;

    // The reader must not run on the thread that makes the answers.
    private ManualResetValueTaskSourceCore<bool> _source = new() { RunContinuationsAsynchronously = true };
    private long? _lastTold;
    private bool _hasNews;
    private bool _isOver;
    private bool _isAwaited;
    private bool _isHeld;

    /// <param name="interval">The least time from one news to the next; zero for none.</param>
    /// <param name="time">Default: the system's.</param>
    public NewsSignal(TimeSpan interval = default, TimeProvider? time = null)
    {
        (_interval, _time) = (interval, time ?? TimeProvider.System);
        if (interval > TimeSpan.Zero)
        {
            _timer = _time.CreateTimer(
                static signal => ((NewsSignal)signal!).EndInterval(),
                this,
                Timeout.InfiniteTimeSpan,
                Timeout.InfiniteTimeSpan
            );
        }
    }

    /// <summary>There is news.</summary>
    public void Set()
    {
        lock (_gate)
        {
            if (!_isAwaited || _isHeld)
            {
                _hasNews = true;
                return;
            }

            Told();
        }

        _source.SetResult(true);
    }

    /// <summary>There will be no more.</summary>
    public void Complete()
    {
        bool hasNews;
        lock (_gate)
        {
            _isOver = true;
            if (!_isAwaited)
            {
                return;
            }

            hasNews = _hasNews;
            Told();
        }

        _source.SetResult(hasNews);
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
            var left = _timer is null || _isOver || _lastTold is not { } last ? TimeSpan.Zero : _interval - _time.GetElapsedTime(last);
            _isHeld = left > TimeSpan.Zero;
            if ((_hasNews && !_isHeld) || _isOver)
            {
                var hasNews = _hasNews;
                Told();
                return new ValueTask<bool>(hasNews);
            }

            _source.Reset();
            _isAwaited = true;
            if (_isHeld)
            {
                _timer!.Change(left, Timeout.InfiniteTimeSpan);
            }

            return new ValueTask<bool>(this, _source.Version);
        }
    }

    /// <summary>Frees the timer. Who waits goes on waiting for the end.</summary>
    public void Dispose() => _timer?.Dispose();

    bool IValueTaskSource<bool>.GetResult(short token) => _source.GetResult(token);

    ValueTaskSourceStatus IValueTaskSource<bool>.GetStatus(short token) => _source.GetStatus(token);

    void IValueTaskSource<bool>.OnCompleted(
        Action<object?> continuation,
        object? state,
        short token,
        ValueTaskSourceOnCompletedFlags flags
    ) => _source.OnCompleted(continuation, state, token, flags);

    private void EndInterval()
    {
        lock (_gate)
        {
            _isHeld = false;
            if (!_isAwaited || !_hasNews)
            {
                return;
            }

            Told();
        }

        _source.SetResult(true);
    }

    private void Told()
    {
        (_hasNews, _isAwaited) = (false, false);
        _lastTold = _timer is null ? null : _time.GetTimestamp();
    }
}
