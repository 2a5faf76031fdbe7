using System.Collections.Concurrent;
using System.Diagnostics;

namespace LlmThrift.Sqlite.Database;

/// <summary>
/// The one writer of a process. Whoever comes when nobody writes does it at once, on the spot; those who come meanwhile leave their work in a queue, and all of it is written in
/// one transaction (group commit). So a single call waits for no other thread, and many calls share the price of a commit.
/// </summary>
internal sealed class SqliteWriter(SqliteFile file, TimeSpan busyTimeout) : IDisposable
{
    private const int MaxGroup = 128;

    /// <summary>How often another process's short transaction is waited for on the spot.</summary>
    private const int QuickTries = 20;

    private readonly ConcurrentQueue<WriteOperation> _urgent = new();
    private readonly ConcurrentQueue<WriteOperation> _bulk = new();

    // Of the leader alone.
    private readonly List<WriteOperation> _group = new(MaxGroup);
    private readonly Queue<WriteOperation> _alone = new();
    private SqliteDatabase? _database;

    private int _isLed;
    private volatile bool _isDisposed;

    /// <summary>Writes, together with what else is waiting.</summary>
    /// <returns>A task that ends when it is committed.</returns>
    public Task RunAsync(WriteOperation operation, CancellationToken cancellationToken)
    {
        ObjectDisposedException.ThrowIf(_isDisposed, typeof(SqliteStore));
        cancellationToken.ThrowIfCancellationRequested();
        operation.Cancellation = cancellationToken;
        (operation.IsBulk ? _bulk : _urgent).Enqueue(operation);
        if (Interlocked.CompareExchange(ref _isLed, 1, 0) == 0)
        {
            Lead(operation);
        }

        return operation.Completion.IsCompleted || !cancellationToken.CanBeCanceled
            ? operation.Completion
            : operation.Completion.WaitAsync(cancellationToken);
    }

    public Task RunAsync(Action<SqliteDatabase> run, bool isBulk, CancellationToken cancellationToken) =>
        RunAsync(new DelegateOperation(run, isBulk), cancellationToken);

    /// <summary>Waits for what is being written, and closes the file.</summary>
    public void Dispose()
    {
        _isDisposed = true;
        SpinWait.SpinUntil(() => Interlocked.CompareExchange(ref _isLed, 1, 0) == 0, TimeSpan.FromSeconds(5));
        _database?.Dispose();
        while (_urgent.TryDequeue(out var left) || _bulk.TryDequeue(out left))
        {
            left.Fail(new ObjectDisposedException(nameof(SqliteStore)));
        }
    }

    /// <summary>Writes until the operation is done; what is left then goes to another thread, so that nobody works for the others for ever.</summary>
    private void Lead(WriteOperation operation)
    {
        while (TakeGroup())
        {
            if (!TryWriteGroup(QuickTries))
            {
                _ = Task.Run(LeadOnAsync);
                return;
            }

            if (!operation.Completion.IsCompleted || (_urgent.IsEmpty && _bulk.IsEmpty && _alone.Count == 0))
            {
                continue;
            }

            // Who writes in bulk is in no hurry: what calls wait for is done before another thread could begin with it.
            if (!operation.IsBulk || _urgent.IsEmpty)
            {
                _ = Task.Run(LeadOnAsync);
                return;
            }
        }
    }

    /// <summary>Like <see cref="Lead"/> until nothing is left; waits for other processes without holding a thread.</summary>
    private async Task LeadOnAsync()
    {
        do
        {
            var since = Stopwatch.GetTimestamp();
            for (var pause = 1; _group.Count > 0 && !TryWriteGroup(1); pause = Math.Min(pause * 2, 8))
            {
                if (Stopwatch.GetElapsedTime(since) > busyTimeout)
                {
                    FailGroup(SqliteStoreException.Locked(file.Path, busyTimeout));
                    break;
                }

                await Task.Delay(pause).ConfigureAwait(false);
            }
        } while (TakeGroup());
    }

    /// <summary>Takes what to write next. False when there is nothing: the lead is then given up.</summary>
    private bool TakeGroup()
    {
        while (true)
        {
            _group.Clear();
            if (_alone.TryDequeue(out var next))
            {
                _group.Add(next);
                return true;
            }

            while (_group.Count < MaxGroup && _urgent.TryDequeue(out next))
            {
                AddUnlessCancelled(next);
            }

            // One at a time, so that calls never wait for more than one.
            while (_group.Count == 0 && _bulk.TryDequeue(out next))
            {
                AddUnlessCancelled(next);
            }

            if (_group.Count > 0)
            {
                return true;
            }

            Volatile.Write(ref _isLed, 0);

            // Something may have come after the last look, by someone who saw that there was a leader.
            if ((_urgent.IsEmpty && _bulk.IsEmpty) || Interlocked.CompareExchange(ref _isLed, 1, 0) != 0)
            {
                return false;
            }
        }
    }

    private void AddUnlessCancelled(WriteOperation operation)
    {
        if (operation.Cancellation.IsCancellationRequested)
        {
            operation.Cancel();
        }
        else
        {
            _group.Add(operation);
        }
    }

    /// <returns>False when another process holds the file.</returns>
    private bool TryWriteGroup(int tries)
    {
        try
        {
            if (_database is null || _database.Generation != file.Generation)
            {
                _database?.Dispose();
                _database = null;
                _database = file.Open();
                _database.SetBusyTimeout(TimeSpan.Zero);
            }

            var spin = default(SpinWait);
            while (!_database.TryBegin())
            {
                if (--tries <= 0)
                {
                    return false;
                }

                spin.SpinOnce(sleep1Threshold: -1);
            }

            foreach (var operation in _group)
            {
                operation.Run(_database);
            }

            _database.Commit();
        }
        catch (Exception exception)
        {
            RollBack();
            if (file.Report(exception) || _group.Count == 1)
            {
                FailGroup(file.Explain(exception));
            }
            else
            {
                // One of them is at fault: each for itself.
                _group.ForEach(_alone.Enqueue);
                _group.Clear();
            }

            return true;
        }

        foreach (var operation in _group)
        {
            operation.Complete();
        }

        _group.Clear();
        return true;
    }

    private void RollBack()
    {
        try
        {
            _database?.RollBack();
        }
        catch (Exception)
        {
            // A new connection is a way back, too.
            _database?.Dispose();
            _database = null;
        }
    }

    private void FailGroup(Exception exception)
    {
        foreach (var operation in _group)
        {
            operation.Fail(exception);
        }

        _group.Clear();
    }
}
