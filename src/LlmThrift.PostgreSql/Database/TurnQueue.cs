using Npgsql;

namespace LlmThrift.PostgreSql.Database;

/// <summary>
/// Lets so many work at a time; the others wait for as long as work comes to an end. A burst then waits here, where the pool of connections would lose its patience. Safe for
/// concurrent use.
/// </summary>
#pragma warning disable CA1001 // Nobody asks for the semaphore's handle, so it has nothing to give back, and those who wait when the store is disposed still leave.
internal sealed class TurnQueue(int places, TimeSpan patience)
#pragma warning restore CA1001
{
    private readonly SemaphoreSlim _free = new(places);
    private long _done;

    /// <exception cref="NpgsqlException">Nothing came to an end for as long as patience lasts.</exception>
    public async ValueTask EnterAsync(CancellationToken cancellationToken)
    {
        var seen = Volatile.Read(ref _done);
        while (!await _free.WaitAsync(patience, cancellationToken).ConfigureAwait(false))
        {
            var done = Volatile.Read(ref _done);
            if (done == seen)
            {
                throw new NpgsqlException("All connections are busy, and none has come to an end.", new TimeoutException());
            }

            seen = done;
        }
    }

    /// <param name="isDone">Whether the work came to an end, rather than to an error.</param>
    public void Leave(bool isDone)
    {
        if (isDone)
        {
            Interlocked.Increment(ref _done);
        }

        _free.Release();
    }
}
