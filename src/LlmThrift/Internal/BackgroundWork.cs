using LlmThrift.Diagnostics;

namespace LlmThrift.Internal;

/// <summary>Work after a call's end: bounded, a few pieces at a time, and waited for by whoever needs to know that it is done.</summary>
#pragma warning disable CA1001 // The semaphore holds no handle unless asked for one.
internal sealed class BackgroundWork(HelperFailures failures)
#pragma warning restore CA1001
{
    private const int MaxPending = 10_000;
    private const int MaxAtOnce = 8;

    private readonly Lock _gate = new();
    private readonly SemaphoreSlim _slots = new(MaxAtOnce);
    private TaskCompletionSource? _idle;
    private int _pending;

    /// <summary>Runs the work soon; drops it, counted as a failure, when far too much is waiting.</summary>
    public void Run(string name, Func<Task> work)
    {
        lock (_gate)
        {
            if (_pending >= MaxPending)
            {
                failures.Report(name, new InvalidOperationException("Too much is waiting."));
                return;
            }

            _pending++;
        }

        _ = Task.Run(() => RunAsync(name, work));
    }

    /// <summary>Ends when nothing is waiting or running.</summary>
    public Task WhenIdleAsync()
    {
        lock (_gate)
        {
            return _pending == 0
                ? Task.CompletedTask
                : (_idle ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).Task;
        }
    }

    private async Task RunAsync(string name, Func<Task> work)
    {
        await _slots.WaitAsync().ConfigureAwait(false);
        try
        {
            await work().ConfigureAwait(false);
        }
        catch (Exception exception)
        {
            failures.Report(name, exception);
        }
        finally
        {
            _slots.Release();
            TaskCompletionSource? idle = null;
            lock (_gate)
            {
                if (--_pending == 0)
                {
                    (idle, _idle) = (_idle, null);
                }
            }

            idle?.TrySetResult();
        }
    }
}
