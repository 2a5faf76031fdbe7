using System.Runtime.ExceptionServices;
using LlmThrift.Diagnostics;

namespace LlmThrift.Resilience;

/// <summary>One call's way to an answer that has started: attempts one after another, and side by side.</summary>
internal sealed class ResilientCall(ResilienceState state, ProviderHealth health, ResilientRequest request)
{
    private Attempt? _failed;
    private Attempt? _winner;
    private Task _givingUp = Task.CompletedTask;
    private int _races;
    private bool _hasRetried;
    private bool _hasHedged;
    private bool _hasTimedOut;
    private bool _hasMetAnOpenBreaker;

    /// <summary>Ends with an attempt whose output has started.</summary>
    public async ValueTask<Attempt> StartAsync()
    {
        await state.Retry.ExecuteAsync(static (call, _) => call.RaceAsync(), this, request.Caller).ConfigureAwait(false);
        return _winner!;
    }

    /// <summary>Waits until no attempt runs any more, and puts the bill together.</summary>
    public async ValueTask EndAsync()
    {
        await _givingUp.ConfigureAwait(false);
        try
        {
            if (_winner is not null)
            {
                await _winner.EndAsync().ConfigureAwait(false);
            }
        }
        finally
        {
            _failed?.HandOverBill(isAnswer: true);
            _winner?.HandOverBill(isAnswer: true);
            NoteIf(_hasRetried, "retried");
            NoteIf(_hasHedged, "hedged");
            NoteIf(_hasTimedOut, "timed_out");
            NoteIf(_hasMetAnOpenBreaker, "breaker_open");
        }
    }

    /// <summary>An attempt, and others beside it while none has started. The first to start wins; the others are given up.</summary>
    private async ValueTask RaceAsync()
    {
        _races++;
        var first = Attempt.Begin(state, health, request);
        List<Attempt> running = [first];
        var delay = state.HedgeDelayOf(health, request.IsStreaming);
        var hedges = delay is null ? 0 : state.MaxHedges;
        Exception? failure = null;
        while (true)
        {
            if (hedges > 0 && !await HasOneEndedWithinAsync(running, delay!.Value).ConfigureAwait(false))
            {
                hedges = request.Caller.IsCancellationRequested ? 0 : hedges - 1;
                if (!request.Caller.IsCancellationRequested)
                {
                    running.Add(Attempt.Begin(state, health, request));
                    _hasHedged = true;
                }

                continue;
            }

            await Task.WhenAny(running.Select(static attempt => attempt.Starting)).ConfigureAwait(false);
            if (running.Find(static attempt => attempt.Starting.IsCompletedSuccessfully) is { } winner)
            {
                Win(winner, first, running);
                return;
            }

            var ended = running.Find(static attempt => attempt.Starting.IsCompleted)!;
            running.Remove(ended);
            var exception = await ended.FailAsync().ConfigureAwait(false);
            Lose(ended, isFirst: ended == first);
            failure = failure is null or CircuitOpenException ? exception : failure;
            if (running.Count > 0 && IsFinal(exception))
            {
                await Task.WhenAll(running.Select(static attempt => attempt.GiveUpAsync())).ConfigureAwait(false);
                running.Clear();
            }

            if (running.Count == 0)
            {
                ExceptionDispatchInfo.Throw(failure);
            }
        }
    }

    private async Task<bool> HasOneEndedWithinAsync(List<Attempt> running, TimeSpan delay)
    {
        using var waiting = new CancellationTokenSource();
        var wait = Task.Delay(delay, state.Clock, waiting.Token);
        var ended = await Task.WhenAny([.. running.Select(static attempt => attempt.Starting), wait]).ConfigureAwait(false);
        await waiting.CancelAsync().ConfigureAwait(false);
        return ended != wait;
    }

    private void Win(Attempt winner, Attempt first, List<Attempt> running)
    {
        if (running.Contains(first))
        {
            health.Latencies(request.IsStreaming).Add(first.Elapsed);
        }

        _hasRetried |= _races > 1;
        _failed?.HandOverBill(isAnswer: false);
        _failed = null;
        _winner = winner;
        running.Remove(winner);
        if (running.Count > 0)
        {
            _givingUp = Task.WhenAll(running.Select(static attempt => attempt.GiveUpAsync()));
        }
    }

    /// <summary>The last to fail stands for the answer that there is not, until another one is there.</summary>
    private void Lose(Attempt failed, bool isFirst)
    {
        _hasTimedOut |= failed.HasTimedOut;
        if (!failed.HasReachedTheProvider)
        {
            _hasMetAnOpenBreaker |= !request.Caller.IsCancellationRequested;
            return;
        }

        if (isFirst && failed.HasTimedOut)
        {
            health.Latencies(request.IsStreaming).Add(failed.Elapsed);
        }

        _hasRetried |= _races > 1;
        _failed?.HandOverBill(isAnswer: false);
        _failed = failed;
    }

    /// <summary>A bad request is as bad in the attempts beside it.</summary>
    private bool IsFinal(Exception exception) =>
        exception is not (CircuitOpenException or OperationCanceledException) && !state.IsWorthAnotherAttempt(exception);

    private void NoteIf(bool isSo, string reason)
    {
        if (isSo)
        {
            request.Call.Context.Note(CostStages.Resilience, reason);
        }
    }
}
