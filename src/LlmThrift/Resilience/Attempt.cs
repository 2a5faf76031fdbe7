using LlmThrift.Diagnostics;
using LlmThrift.Internal;
using Microsoft.Extensions.AI;
using Polly.CircuitBreaker;

namespace LlmThrift.Resilience;

/// <summary>
/// One request to the provider, up to its first update or its whole answer. It has a bill of its own until it has ended: attempts of one call may run side by side, and each is
/// charged to the call or to this stage by how it ended.
/// </summary>
/// <remarks>
/// The timeout is not Polly's, which hands out a token from a pool and takes it back with the first update, while the stream goes on under it.
/// </remarks>
internal sealed class Attempt
{
    private readonly ResilienceState _state;
    private readonly ProviderHealth _health;
    private readonly ResilientRequest _request;
    private readonly CallContext? _ledger;
    private readonly CallOptions _options;
    private readonly CancellationTokenSource _source;
    private readonly long _startedAt;
    private IAsyncEnumerator<ChatResponseUpdate>? _updates;
    private volatile bool _hasTimedOut;

    private Attempt(ResilienceState state, ProviderHealth health, ResilientRequest request)
    {
        (_state, _health, _request) = (state, health, request);
        var context = request.Call.Context;
        _ledger = context is { IsMetered: true, Meter: not null } ? context.ForSharedWork() : null;
        _options = _ledger is null ? request.Call : request.Call.With(_ledger);
        _source = CancellationTokenSource.CreateLinkedTokenSource(request.Caller);
        _startedAt = state.Clock.GetTimestamp();
        Starting = StartAsync();
    }

    /// <summary>Ends when output has started.</summary>
    public Task Starting { get; }

    /// <summary>The answer, where it is not streamed.</summary>
    public ChatResponse? Response { get; private set; }

    /// <summary>Whether <see cref="Current"/> is there.</summary>
    public bool HasUpdate { get; private set; }

    public ChatResponseUpdate Current => _updates!.Current;

    public TimeSpan Elapsed => _state.Clock.GetElapsedTime(_startedAt);

    public bool HasTimedOut => _hasTimedOut;

    /// <summary>False where the circuit breaker did not let it through.</summary>
    public bool HasReachedTheProvider { get; private set; }

    public static Attempt Begin(ResilienceState state, ProviderHealth health, ResilientRequest request) => new(state, health, request);

    /// <summary>The next update of a stream that has started.</summary>
    public async ValueTask<bool> MoveNextAsync()
    {
        try
        {
            return await _updates!.MoveNextAsync().ConfigureAwait(false);
        }
        catch (OperationCanceledException exception) when (IsOfTheCaller(exception))
        {
            throw OfTheCaller(exception);
        }
    }

    /// <summary>Cancels it, waits until it has ended, and charges what it cost to this stage: somebody else answers.</summary>
    public async Task GiveUpAsync()
    {
        await CancelAsync().ConfigureAwait(false);
        await Starting.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await EndQuietlyAsync().ConfigureAwait(false);
        HandOverBill(isAnswer: false);
    }

    /// <summary>Ends it after it did not start, and says why.</summary>
    public async ValueTask<Exception> FailAsync()
    {
        Exception? failure = null;
        try
        {
            await Starting.ConfigureAwait(false);
        }
        catch (Exception exception)
        {
            failure = exception;
        }

        await EndQuietlyAsync().ConfigureAwait(false);
        return failure ?? throw new InvalidOperationException("The attempt has not failed.");
    }

    /// <summary>Ends the stream.</summary>
    public async ValueTask EndAsync()
    {
        try
        {
            if (_updates is not null)
            {
                await _updates.DisposeAsync().ConfigureAwait(false);
            }
        }
        finally
        {
            _source.Dispose();
        }
    }

    /// <summary>Puts what it cost on the bill of the call: as the answer, or as what this stage took to get one.</summary>
    public void HandOverBill(bool isAnswer)
    {
        if (_ledger is null)
        {
            return;
        }

        if (!isAnswer)
        {
            _ledger.ChargeTo(CostStages.Resilience, 0, _ledger.CountOfAttempts);
        }

        _request.Call.Context.Adopt(_ledger);
    }

    private async ValueTask EndQuietlyAsync()
    {
        try
        {
            await EndAsync().ConfigureAwait(false);
        }
        catch (Exception exception)
        {
            _state.Failures.Report("attempt", exception);
        }
    }

    private async Task StartAsync()
    {
        if (_health.Breaker is not { } breaker)
        {
            await AskAsync().ConfigureAwait(false);
            return;
        }

        try
        {
            await breaker.ExecuteAsync(static (attempt, _) => attempt.AskAsync(), this, _source.Token).ConfigureAwait(false);
        }
        catch (BrokenCircuitException exception) when (!HasReachedTheProvider)
        {
            throw new CircuitOpenException(
                _health.Target,
                exception.RetryAfter,
                _state.Clock.GetUtcNow() + exception.RetryAfter,
                exception.InnerException
            );
        }
        catch (OperationCanceledException exception) when (IsOfTheCaller(exception))
        {
            throw OfTheCaller(exception);
        }
    }

    private async ValueTask AskAsync()
    {
        HasReachedTheProvider = true;
        try
        {
            // Disposing waits for a callback that runs: from then on, nothing cancels this attempt but the caller, or another one that won.
            await using (StartTimer().ConfigureAwait(false))
            {
                if (_request.IsStreaming)
                {
                    _updates = _request
                        .Client.GetStreamingResponseAsync(_request.Messages, _options, _source.Token)
                        .GetAsyncEnumerator(_source.Token);
                    HasUpdate = await _updates.MoveNextAsync().ConfigureAwait(false);
                }
                else
                {
                    Response = await _request.Client.GetResponseAsync(_request.Messages, _options, _source.Token).ConfigureAwait(false);
                }
            }

            if (_hasTimedOut && _request.IsStreaming)
            {
                // The first update and the end of the time came together, and the rest of the stream is cancelled.
                throw new OperationCanceledException(_source.Token);
            }
        }
        catch (OperationCanceledException exception) when (_hasTimedOut && !_request.Caller.IsCancellationRequested)
        {
            throw new TimeoutException(
                $"{_health.Target} did not begin to answer within {_state.Timeout}. Resilience.Timeout sets how long an attempt may take.",
                exception
            );
        }
        catch (OperationCanceledException exception) when (IsOfTheCaller(exception))
        {
            throw OfTheCaller(exception);
        }
    }

    private ITimer StartTimer() =>
        _state.Clock.CreateTimer(
            static attempt => ((Attempt)attempt!).TimeOut(),
            this,
            _state.Timeout ?? Timeout.InfiniteTimeSpan,
            Timeout.InfiniteTimeSpan
        );

    private void TimeOut()
    {
        _hasTimedOut = true;
        _ = CancelAsync();
    }

    /// <summary>What others do when this is cancelled may fail, and must not end the call, or the process where a timer does it.</summary>
    private async Task CancelAsync()
    {
        try
        {
            await _source.CancelAsync().ConfigureAwait(false);
        }
        catch (Exception exception)
        {
            _state.Failures.Report("cancelled attempt", exception);
        }
    }

    /// <summary>The attempt has a token of its own; the caller must see theirs.</summary>
    private bool IsOfTheCaller(OperationCanceledException exception) =>
        _request.Caller.IsCancellationRequested && exception.CancellationToken != _request.Caller;

    private OperationCanceledException OfTheCaller(OperationCanceledException exception) =>
        new(exception.Message, exception, _request.Caller);
}
