using System.Runtime.CompilerServices;
using LlmThrift.Diagnostics;
using LlmThrift.Internal;
using LlmThrift.Pricing;
using Microsoft.Extensions.AI;

namespace LlmThrift.Metering;

/// <summary>
/// Outermost, opens and closes the record of each call of the app. Further in, bills each request that reaches the provider to the record
/// of the call that it is made for.
/// </summary>
internal sealed class CostMeterChatClient : DelegatingChatClient
{
    private readonly CallMeter _meter;
    private readonly bool _opensRecords;
    private readonly string _stage;
    private readonly string? _provider;
    private readonly string? _defaultModel;
    private readonly bool _isBilledFurtherIn;
    private readonly bool _billsAttempts;

    /// <param name="innerClient">What is metered.</param>
    /// <param name="meter">Does the sums; shared by the meters of one pipeline.</param>
    /// <param name="opensRecords">
    /// False for a meter that only bills attempts. Where somebody dropped the state of the call on the way, such a meter stays out of it:
    /// the outer one then bills from the response, and nothing is counted twice.
    /// </param>
    /// <param name="stage">The stage to which attempts are charged.</param>
    public CostMeterChatClient(IChatClient innerClient, CallMeter meter, bool opensRecords, string stage = CostStages.Provider)
        : base(innerClient)
    {
        _meter = meter;
        _opensRecords = opensRecords;
        _stage = stage;
        _billsAttempts = !PipelineStage.IsIn(innerClient, PipelineStage.Attempts);
        _isBilledFurtherIn = opensRecords && (!_billsAttempts || PipelineStage.IsIn(innerClient, PipelineStage.Meter));
        var metadata = innerClient.GetService<ChatClientMetadata>();
        _provider = metadata?.ProviderName;
        _defaultModel = metadata?.DefaultModelId;
    }

    public override Task<ChatResponse> GetResponseAsync(
        IEnumerable<ChatMessage> messages,
        ChatOptions? options = null,
        CancellationToken cancellationToken = default
    )
    {
        var list = MessageList.From(messages);
        var call = CallOptions.From(options);
        if (call.Context.IsMetered)
        {
            return _billsAttempts ? AttemptAsync(list, call, cancellationToken) : base.GetResponseAsync(list, call, cancellationToken);
        }

        return _opensRecords
            ? MeterAsync(list, Open(call, _meter), cancellationToken)
            : base.GetResponseAsync(list, options, cancellationToken);
    }

    public override IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(
        IEnumerable<ChatMessage> messages,
        ChatOptions? options = null,
        CancellationToken cancellationToken = default
    )
    {
        var list = MessageList.From(messages);
        var call = CallOptions.From(options);
        if (call.Context.IsMetered)
        {
            return _billsAttempts
                ? AttemptStreamAsync(list, call, cancellationToken)
                : base.GetStreamingResponseAsync(list, call, cancellationToken);
        }

        return _opensRecords
            ? MeterStreamAsync(list, call, cancellationToken)
            : base.GetStreamingResponseAsync(list, options, cancellationToken);
    }

    public override object? GetService(Type serviceType, object? serviceKey = null)
    {
        ArgumentNullException.ThrowIfNull(serviceType);
        if (serviceKey is null && _opensRecords && (serviceType == typeof(CostReport) || serviceType == typeof(PriceBook)))
        {
            return serviceType == typeof(CostReport) ? _meter.Report : _meter.Prices;
        }

        return PipelineStage.Answer(PipelineStage.Meter, serviceType, serviceKey) ?? base.GetService(serviceType, serviceKey);
    }

    /// <summary>Options that were metered once, kept by somebody and sent again, belong to a new call.</summary>
    private static CallOptions Open(CallOptions call, CallMeter meter)
    {
        if (call.Context.IsClosed)
        {
            call = call.With(call.Context.ForNextCall());
        }

        call.Context.IsMetered = true;
        call.Context.Meter = meter;
        return call;
    }

    private async Task<ChatResponse> MeterAsync(IReadOnlyList<ChatMessage> messages, CallOptions call, CancellationToken cancellationToken)
    {
        var record = _meter.Open(call, _provider, call.ModelId ?? _defaultModel, isStreaming: false, _isBilledFurtherIn);
        ChatResponse response;
        try
        {
            response = await InnerClient.GetResponseAsync(messages, call, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception exception)
        {
            var outcome = OutcomeOf(exception, cancellationToken);
            _meter.Close(record, call, messages, AttemptResult.Of(outcome, _meter.Elapsed(record)), exception);
            throw;
        }

        response = MeteredChatResponse.Wrap(response);
        var closed = _meter.Close(record, call, messages, AttemptResult.Of(response, _meter.Elapsed(record)), exception: null);
        if (response is MeteredChatResponse metered)
        {
            metered.Record = closed;
        }

        return response;
    }

    private async IAsyncEnumerable<ChatResponseUpdate> MeterStreamAsync(
        IReadOnlyList<ChatMessage> messages,
        CallOptions options,
        [EnumeratorCancellation] CancellationToken cancellationToken
    )
    {
        // Opened here, not when the stream was asked for: one that nobody reads is no call, and one read twice is two.
        var call = Open(options, _meter);
        var record = _meter.Open(call, _provider, call.ModelId ?? _defaultModel, isStreaming: true, _isBilledFurtherIn);
        var tally = new StreamTally();
        CallRecord? closed = null;
        try
        {
            await foreach (var update in WatchAsync(messages, call, tally, cancellationToken).ConfigureAwait(false))
            {
                record.TimeToFirstUpdate ??= _meter.Elapsed(record);
                yield return update;
            }
        }
        finally
        {
            closed = _meter.Close(record, call, messages, tally.End(_meter.Elapsed(record)), tally.Failure);
        }

        if (!tally.IsEmpty && closed is not null)
        {
            yield return new MeteredChatResponseUpdate(closed);
        }
    }

    private async Task<ChatResponse> AttemptAsync(
        IReadOnlyList<ChatMessage> messages,
        CallOptions call,
        CancellationToken cancellationToken
    )
    {
        var started = _meter.Clock.GetTimestamp();
        try
        {
            var response = await InnerClient.GetResponseAsync(messages, call, cancellationToken).ConfigureAwait(false);
            Bill(messages, call, AttemptResult.Of(response, _meter.Clock.GetElapsedTime(started)));
            return response;
        }
        catch (Exception exception)
        {
            Bill(messages, call, AttemptResult.Of(OutcomeOf(exception, cancellationToken), _meter.Clock.GetElapsedTime(started)));
            throw;
        }
    }

    private async IAsyncEnumerable<ChatResponseUpdate> AttemptStreamAsync(
        IReadOnlyList<ChatMessage> messages,
        CallOptions call,
        [EnumeratorCancellation] CancellationToken cancellationToken
    )
    {
        var started = _meter.Clock.GetTimestamp();
        var tally = new StreamTally();
        try
        {
            await foreach (var update in WatchAsync(messages, call, tally, cancellationToken).ConfigureAwait(false))
            {
                yield return update;
            }
        }
        finally
        {
            Bill(messages, call, tally.End(_meter.Clock.GetElapsedTime(started)));
        }
    }

    /// <summary>
    /// Passes the inner stream on and writes down what it shows and how it ends. When this is over, the inner stream is disposed, and the meters
    /// further in have had their say.
    /// </summary>
    private async IAsyncEnumerable<ChatResponseUpdate> WatchAsync(
        IReadOnlyList<ChatMessage> messages,
        CallOptions call,
        StreamTally tally,
        [EnumeratorCancellation] CancellationToken cancellationToken
    )
    {
        IAsyncEnumerator<ChatResponseUpdate>? updates = null;
        try
        {
            while (true)
            {
                try
                {
                    updates ??= InnerClient
                        .GetStreamingResponseAsync(messages, call, cancellationToken)
                        .GetAsyncEnumerator(cancellationToken);
                    if (!await updates.MoveNextAsync().ConfigureAwait(false))
                    {
                        break;
                    }
                }
                catch (Exception exception)
                {
                    tally.Failure = exception;
                    tally.Outcome = OutcomeOf(exception, cancellationToken);
                    throw;
                }

                tally.Add(updates.Current);
                yield return updates.Current;
            }

            tally.Outcome = CallOutcome.Completed;
        }
        finally
        {
            if (updates is not null)
            {
                await updates.DisposeAsync().ConfigureAwait(false);
            }
        }
    }

    private void Bill(IReadOnlyList<ChatMessage> messages, CallOptions call, AttemptResult result) =>
        call.Context.Add(_meter.Billing.Bill(_stage, _provider, messages, call, result, _defaultModel));

    private static CallOutcome OutcomeOf(Exception exception, CancellationToken cancellationToken) =>
        exception is OperationCanceledException && cancellationToken.IsCancellationRequested ? CallOutcome.Cancelled : CallOutcome.Failed;
}
