using System.Collections.Concurrent;
using LlmThrift.Diagnostics;
using LlmThrift.Internal;
using Microsoft.Extensions.Logging;
using Polly;
using Polly.CircuitBreaker;
using Polly.Retry;

namespace LlmThrift.Resilience;

/// <summary>What the pipelines of one registration share. Safe for concurrent use.</summary>
internal sealed class ResilienceState
{
    /// <summary>Names of models come from the app, which may make them up: from so many on, new ones share what is known.</summary>
    private const int MaxTargets = 256;

    private readonly ConcurrentDictionary<(string Slot, string? Model), ProviderHealth> _targets = new();
    private readonly PipelineServices _services;
    private readonly Func<Exception, bool> _shouldRetry;
    private readonly Func<Exception, TimeSpan?>? _retryAfter;
    private readonly TimeSpan _maxRetryDelay;
    private readonly double? _breakerFailureRatio;
    private readonly int _breakerMinimumThroughput;
    private readonly TimeSpan _breakerSamplingDuration;
    private readonly TimeSpan _breakDuration;
    private readonly double? _hedgeAfterPercentile;
    private readonly TimeSpan _minHedgeDelay;

    public ResilienceState(ResilienceOptions options, PipelineServices services)
    {
        _services = services;
        (_shouldRetry, _retryAfter, _maxRetryDelay) = (options.ShouldRetry, options.RetryAfter, options.MaxRetryDelay);
        _breakerFailureRatio = options.UsesBreaker ? options.BreakerFailureRatio : null;
        _breakerMinimumThroughput = options.BreakerMinimumThroughput;
        (_breakerSamplingDuration, _breakDuration) = (options.BreakerSamplingDuration, options.BreakDuration);
        (_hedgeAfterPercentile, _minHedgeDelay, MaxHedges) = (options.HedgeAfterPercentile, options.MinHedgeDelay, options.MaxHedges);
        Timeout = options.Timeout;
        Retry = options.MaxRetries == 0 ? ResiliencePipeline.Empty : RetryPipeline(options);
    }

    /// <summary>Repeats what fails. Holds no state of its own.</summary>
    public ResiliencePipeline Retry { get; }

    public TimeSpan? Timeout { get; }

    public int MaxHedges { get; }

    public bool MayHedge => _hedgeAfterPercentile is not null;

    public TimeProvider Clock => _services.Clock;

    public HelperFailures Failures => _services.Failures;

    public ILogger Logger => _services.Logger;

    /// <summary>
    /// What is known of a model. By the place of its client in the pipeline, not by the client, which may be made anew for every request of a web app; and by model, for one of them
    /// may be overloaded while its neighbours are not.
    /// </summary>
    public ProviderHealth HealthOf(string slot, string? provider, string? model)
    {
        if (_targets.TryGetValue((slot, model), out var known))
        {
            return known;
        }

        var target = (provider, model) switch
        {
            (null, null) => "the provider",
            (null, _) => model,
            (_, null) => provider,
            _ => $"{provider}/{model}",
        };
        return _targets.Count < MaxTargets
            ? _targets.GetOrAdd((slot, model), _ => NewHealth(target))
            : _targets.GetOrAdd((slot, null), _ => NewHealth(provider ?? "the provider"));
    }

    /// <summary>After how long a second attempt is made; null for none.</summary>
    public TimeSpan? HedgeDelayOf(ProviderHealth health, bool isStreaming) =>
        _hedgeAfterPercentile is { } share && health.Latencies(isStreaming).Percentile(share) is { } delay
            ? delay > _minHedgeDelay
                ? delay
                : _minHedgeDelay
            : null;

    /// <summary>Whether a failure may be gone at another attempt. A condition that throws says no.</summary>
    public bool IsWorthAnotherAttempt(Exception exception)
    {
        try
        {
            return exception is not CircuitOpenException && _shouldRetry(exception);
        }
        catch (Exception failure)
        {
            Failures.Report("retry condition", failure);
            return false;
        }
    }

    private ResiliencePipeline RetryPipeline(ResilienceOptions options) =>
        new ResiliencePipelineBuilder { TimeProvider = Clock }
            .AddRetry(
                new RetryStrategyOptions
                {
                    MaxRetryAttempts = options.MaxRetries,
                    BackoffType = DelayBackoffType.Exponential,
                    UseJitter = true,
                    Delay = options.BaseDelay,
                    MaxDelay = options.MaxRetryDelay,
                    ShouldHandle = args =>
                        ValueTask.FromResult(
                            args.Outcome.Exception is { } exception
                                && !args.Context.CancellationToken.IsCancellationRequested
                                && IsWorthAnotherAttempt(exception)
                                && !(WaitAskedFor(exception) > _maxRetryDelay)
                        ),
                    DelayGenerator = args =>
                        ValueTask.FromResult(
                            args.Outcome.Exception is { } exception && WaitAskedFor(exception) is { } wait && wait > TimeSpan.Zero
                                ? wait
                                : (TimeSpan?)null
                        ),
                }
            )
            .Build();

    private ProviderHealth NewHealth(string target)
    {
        if (_breakerFailureRatio is not { } ratio)
        {
            return new ProviderHealth(target, Breaker: null);
        }

        var state = new CircuitBreakerStateProvider();
        var breaker = new ResiliencePipelineBuilder { TimeProvider = Clock }
            .AddCircuitBreaker(
                new CircuitBreakerStrategyOptions
                {
                    FailureRatio = ratio,
                    MinimumThroughput = _breakerMinimumThroughput,
                    SamplingDuration = _breakerSamplingDuration,
                    BreakDuration = _breakDuration,
                    StateProvider = state,

                    // An attempt that was given up says nothing; taken for a success, the one that decides would close the circuit.
                    ShouldHandle = args =>
                        ValueTask.FromResult(
                            args.Outcome.Exception is { } exception
                                && (
                                    IsWorthAnotherAttempt(exception)
                                    || (exception is OperationCanceledException && state.CircuitState == CircuitState.HalfOpen)
                                )
                        ),
                }
            )
            .Build();
        return new ProviderHealth(target, breaker);
    }

    private TimeSpan? WaitAskedFor(Exception exception)
    {
        try
        {
            return _retryAfter?.Invoke(exception) ?? ProviderFailures.RetryAfterOf(exception, Clock.GetUtcNow());
        }
        catch (Exception failure)
        {
            Failures.Report("retry delay", failure);
            return null;
        }
    }
}
