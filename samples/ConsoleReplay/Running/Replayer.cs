using System.Collections.Concurrent;
using ConsoleReplay.Traffic;
using Microsoft.Extensions.AI;

namespace ConsoleReplay.Running;

/// <summary>Makes the calls of a traffic, several at once, in order of arrival.</summary>
internal sealed class Replayer
{
    /// <summary>After so many failures in a row the rest would fail as well.</summary>
    private const int MostFailuresInARow = 5;

    private readonly Func<ReplayCall, CancellationToken, Task> _send;
    private readonly int _concurrency;
    private readonly TimeProvider _time;

    /// <param name="client">What answers the calls.</param>
    /// <param name="prepare">Makes the options of a call, with its tags.</param>
    /// <param name="concurrency">The most calls in flight.</param>
    /// <param name="time">The clock.</param>
    public Replayer(IChatClient client, Func<ReplayCall, ChatOptions> prepare, int concurrency, TimeProvider time)
    {
        _send = async (call, cancellationToken) =>
        {
            var options = prepare(call);
            if (call.Stream)
            {
                await foreach (var _ in client.GetStreamingResponseAsync(call.Messages, options, cancellationToken))
                {
                    // The app under replay would show the update.
                }
            }
            else
            {
                await client.GetResponseAsync(call.Messages, options, cancellationToken);
            }
        };
        _concurrency = concurrency;
        _time = time;
    }

    /// <summary>Makes all calls.</summary>
    /// <param name="calls">The calls.</param>
    /// <param name="completed">Told after each call, from any thread.</param>
    /// <param name="cancellationToken">Stops the replay; what was done until then is reported.</param>
    public async Task<ReplayOutcome> RunAsync(IReadOnlyList<ReplayCall> calls, Action completed, CancellationToken cancellationToken)
    {
        var started = _time.GetTimestamp();
        var failures = new ConcurrentDictionary<string, int>(StringComparer.Ordinal);
        var answered = 0;
        var failedInARow = 0;
        string? stopReason = null;
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        try
        {
            await Parallel.ForEachAsync(
                calls,
                new ParallelOptions { MaxDegreeOfParallelism = _concurrency, CancellationToken = stop.Token },
                async (call, token) =>
                {
                    try
                    {
                        await _send(call, token);
                        Interlocked.Increment(ref answered);
                        Volatile.Write(ref failedInARow, 0);
                    }
                    catch (Exception failure) when (!token.IsCancellationRequested)
                    {
                        // A failed call is a result, whatever it failed of: it is counted, and the replay goes on.
                        var reason = CallFailure.Describe(failure);
                        failures.AddOrUpdate(reason, 1, static (_, count) => count + 1);
                        if (Interlocked.Increment(ref failedInARow) >= MostFailuresInARow)
                        {
                            Interlocked.CompareExchange(ref stopReason, reason, null);
                            await stop.CancelAsync();
                        }
                    }

                    completed();
                }
            );
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // Reported below.
        }

        return new ReplayOutcome
        {
            Answered = answered,
            Failures = failures,
            IsCancelled = cancellationToken.IsCancellationRequested,
            StopReason = stopReason,
            Elapsed = _time.GetElapsedTime(started),
        };
    }
}
