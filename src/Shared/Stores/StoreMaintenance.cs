using Microsoft.Extensions.Logging;

namespace LlmThrift.Stores;

/// <summary>Does a store's maintenance now and then, one at a time; a failure is logged and tried again. Safe for concurrent use.</summary>
internal sealed partial class StoreMaintenance : IAsyncDisposable, IDisposable
{
    private readonly Func<CancellationToken, Task> _maintain;
    private readonly ILogger _logger;
    private readonly CancellationTokenSource _stopping = new();
    private readonly ITimer _timer;
    private volatile Task _running = Task.CompletedTask;
    private int _isRunning;
    private int _isDisposed;

    public StoreMaintenance(Func<CancellationToken, Task> maintain, TimeSpan interval, TimeProvider clock, ILogger logger)
    {
        (_maintain, _logger) = (maintain, logger);
        _timer = clock.CreateTimer(static state => ((StoreMaintenance)state!).Run(), this, interval, interval);
    }

    /// <summary>Ends when the maintenance under way does, failed or not.</summary>
    public Task Running => _running;

    public void Dispose()
    {
        if (Interlocked.Exchange(ref _isDisposed, 1) == 0)
        {
            _stopping.Cancel();
            _timer.Dispose();
            _stopping.Dispose();
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _isDisposed, 1) == 0)
        {
            await _stopping.CancelAsync().ConfigureAwait(false);
            await _timer.DisposeAsync().ConfigureAwait(false);
            _stopping.Dispose();
        }
    }

    private void Run()
    {
        if (Interlocked.Exchange(ref _isRunning, 1) == 0)
        {
            _running = RunAsync();
        }
    }

    private async Task RunAsync()
    {
        try
        {
            await _maintain(_stopping.Token).ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is OperationCanceledException or ObjectDisposedException)
        {
            // The store is being closed.
        }
        catch (Exception exception)
        {
            LogFailure(_logger, exception.Message);
        }
        finally
        {
            Volatile.Write(ref _isRunning, 0);
        }
    }

    [LoggerMessage(1, LogLevel.Warning, "The maintenance of the store failed and will be tried again: {Problem}")]
    private static partial void LogFailure(ILogger logger, string problem);
}
