using System.Threading.Channels;
using LlmThrift.Internal;
using Microsoft.Extensions.Logging;

namespace LlmThrift.Metering;

/// <summary>Writes call records to a store, behind the calls' backs: they wait for neither a slow store nor one that is down. Safe for concurrent use.</summary>
/// <remarks>
/// Records wait in a bounded queue and are written in batches. A batch that the store does not take is tried again, with the same ids, after pauses that double; when the queue
/// is full, the oldest batch is given up. Disposing writes what is left, within <see cref="CallRecordStoreSinkOptions.ShutdownTimeout"/>; with <c>services.AddCostHistory()</c>
/// that happens when the host ends.
/// </remarks>
public sealed partial class CallRecordStoreSink : ICallRecordSink, IAsyncDisposable, IDisposable
{
    private readonly ICallRecordStore _store;
    private readonly PipelineServices _services;
    private readonly int _capacity;
    private readonly int _batchSize;
    private readonly TimeSpan _interval;
    private readonly TimeSpan _writeTimeout;
    private readonly TimeSpan _maxRetryDelay;
    private readonly TimeSpan _shutdownTimeout;
    private readonly Channel<CallRecord> _queue;
    private readonly CancellationTokenSource _end = new();
    private readonly Lock _gate = new();
    private readonly List<(long Until, TaskCompletionSource Done)> _flushes = [];
    private readonly Task _writing;
    private TaskCompletionSource? _pause;
    private bool _isStopping;
    private long _accepted;
    private long _written;
    private long _givenUp;
    private long _refused;
    private long _lastDroppedTicks;
    private long _failingSinceTicks;
    private int _hasLoggedDrops;

    /// <summary>Begins to write to a store.</summary>
    /// <param name="store">The store; whoever made it disposes it, after this.</param>
    /// <param name="options">The options, which are copied; null for the defaults.</param>
    /// <param name="loggerFactory">Where failures are logged; null for nowhere.</param>
    /// <exception cref="ArgumentNullException"><paramref name="store"/> is null.</exception>
    /// <exception cref="ArgumentException">Options are bad; the message lists every one.</exception>
    public CallRecordStoreSink(ICallRecordStore store, CallRecordStoreSinkOptions? options = null, ILoggerFactory? loggerFactory = null)
        : this(store, options ?? new CallRecordStoreSinkOptions(), new PipelineServices(services: null, loggerFactory)) { }

    internal CallRecordStoreSink(ICallRecordStore store, CallRecordStoreSinkOptions options, PipelineServices services)
    {
        ArgumentNullException.ThrowIfNull(store);
        options.Validate();
        (_store, _services) = (store, services);
        (_capacity, _batchSize, _interval) = (options.Capacity, options.BatchSize, options.Interval);
        (_writeTimeout, _maxRetryDelay, _shutdownTimeout) = (options.WriteTimeout, options.MaxRetryDelay, options.ShutdownTimeout);
        _queue = Channel.CreateBounded<CallRecord>(new BoundedChannelOptions(_capacity) { SingleReader = true });
        _writing = Task.Run(WriteAllAsync);
    }

    /// <inheritdoc/>
    /// <exception cref="ArgumentNullException"><paramref name="record"/> is null.</exception>
    public void Record(CallRecord record)
    {
        ArgumentNullException.ThrowIfNull(record);
        if (_queue.Writer.TryWrite(record))
        {
            Interlocked.Increment(ref _accepted);
        }
        else
        {
            Interlocked.Increment(ref _refused);
            NoteDrop();
        }
    }

    /// <summary>What has been done so far.</summary>
    /// <returns>The numbers of now.</returns>
    public CallRecordStoreStatistics GetStatistics()
    {
        var (written, givenUp) = (Interlocked.Read(ref _written), Interlocked.Read(ref _givenUp));
        return new()
        {
            Written = written,
            Waiting = Math.Max(0, Interlocked.Read(ref _accepted) - written - givenUp),
            Dropped = givenUp + Interlocked.Read(ref _refused),
            LastDroppedAt = Time(Interlocked.Read(ref _lastDroppedTicks)),
            FailingSince = Time(Interlocked.Read(ref _failingSinceTicks)),
        };
    }

    /// <summary>Has what waits now written at once.</summary>
    /// <param name="cancellationToken">Cancels the waiting; the records are written all the same.</param>
    /// <returns>A task that ends when the store has taken them, or they were given up.</returns>
    public Task FlushAsync(CancellationToken cancellationToken = default)
    {
        TaskCompletionSource done = new(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_gate)
        {
            var accepted = Interlocked.Read(ref _accepted);
            if (Handled >= accepted)
            {
                return Task.CompletedTask;
            }

            _flushes.Add((accepted, done));
            _pause?.TrySetResult();
        }

        return done.Task.WaitAsync(cancellationToken);
    }

    /// <summary>Writes what is left, as long as the time for it allows, and ends.</summary>
    /// <returns>A task that ends when nothing more is written.</returns>
    public async ValueTask DisposeAsync()
    {
        lock (_gate)
        {
            if (_isStopping)
            {
                return;
            }

            _isStopping = true;
            _queue.Writer.TryComplete();
            _pause?.TrySetResult();
        }

        try
        {
            await _writing.WaitAsync(_shutdownTimeout, _services.Clock).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            await _end.CancelAsync().ConfigureAwait(false);
            await _writing.ConfigureAwait(false);
        }

        _end.Dispose();
    }

    /// <inheritdoc cref="DisposeAsync"/>
    public void Dispose() => DisposeAsync().AsTask().GetAwaiter().GetResult();

    private long Handled => Interlocked.Read(ref _written) + Interlocked.Read(ref _givenUp);

    private static DateTimeOffset? Time(long ticks) => ticks == 0 ? null : new DateTimeOffset(ticks, TimeSpan.Zero);

    private async Task WriteAllAsync()
    {
        var batch = new List<StoredCall>();
        while (await _queue.Reader.WaitToReadAsync(CancellationToken.None).ConfigureAwait(false))
        {
            await PauseAsync(_interval, isRetry: false).ConfigureAwait(false);
            while (Fill(batch))
            {
                await WriteAsync(batch).ConfigureAwait(false);
                batch = [];
                EndFlushes();
            }
        }
    }

    private bool Fill(List<StoredCall> batch)
    {
        while (batch.Count < _batchSize && _queue.Reader.TryRead(out var record))
        {
            batch.Add(StoredCall.From(record));
        }

        return batch.Count > 0;
    }

    private async Task WriteAsync(List<StoredCall> batch)
    {
        var delay = _interval;
        while (!_end.IsCancellationRequested)
        {
            try
            {
                await AppendAsync(batch).ConfigureAwait(false);
                Interlocked.Add(ref _written, batch.Count);
                Interlocked.Exchange(ref _failingSinceTicks, 0);
                Interlocked.Exchange(ref _hasLoggedDrops, 0);
                return;
            }
            catch (Exception exception)
            {
                Interlocked.CompareExchange(ref _failingSinceTicks, _services.Clock.GetUtcNow().UtcTicks, 0);
                _services.Failures.Report(nameof(ICallRecordStore), exception);
            }

            if (_queue.Reader.Count >= _capacity)
            {
                // Newer records find no place: these have had their tries.
                break;
            }

            await PauseAsync(delay, isRetry: true).ConfigureAwait(false);
            delay = delay * 2 < _maxRetryDelay ? delay * 2 : _maxRetryDelay;
        }

        Interlocked.Add(ref _givenUp, batch.Count);
        NoteDrop();
    }

    /// <summary>A store may take no notice of its token; it is not waited for longer all the same.</summary>
    private async Task AppendAsync(List<StoredCall> batch)
    {
        using var timeout = new CancellationTokenSource(_writeTimeout, _services.Clock);
        using var linked = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, _end.Token);
        await _store.AppendAsync(batch, linked.Token).AsTask().WaitAsync(linked.Token).ConfigureAwait(false);
    }

    /// <summary>Lets records gather, or a store recover. A flush ends the pause; one that waits already does not keep a failing store from getting it.</summary>
    private async Task PauseAsync(TimeSpan duration, bool isRetry)
    {
        TaskCompletionSource pause;
        lock (_gate)
        {
            if (!isRetry && (_isStopping || _flushes.Count > 0))
            {
                return;
            }

            duration = _isStopping && duration > _interval ? _interval : duration;
            _pause = pause = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }

        try
        {
            await pause.Task.WaitAsync(duration, _services.Clock, _end.Token).ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is TimeoutException or OperationCanceledException)
        {
            // The pause is over.
        }
    }

    private void EndFlushes()
    {
        lock (_gate)
        {
            for (var index = _flushes.Count - 1; index >= 0; index--)
            {
                if (_flushes[index].Until <= Handled)
                {
                    _flushes[index].Done.TrySetResult();
                    _flushes.RemoveAt(index);
                }
            }
        }
    }

    private void NoteDrop()
    {
        Interlocked.Exchange(ref _lastDroppedTicks, _services.Clock.GetUtcNow().UtcTicks);

        // Calls that end after the host has ended are counted; no store is to blame for them.
        if (!_queue.Reader.Completion.IsCompleted && Interlocked.Exchange(ref _hasLoggedDrops, 1) == 0)
        {
            LogDrops(_services.Logger);
        }
    }

    [LoggerMessage(
        90,
        LogLevel.Warning,
        "The history of costs drops call records: its store does not take them, or not as fast as they come. Calls go on; CallRecordStoreSink.GetStatistics() counts what is missing."
    )]
    private static partial void LogDrops(ILogger logger);
}
