using LlmThrift.Diagnostics;
using LlmThrift.Internal;
using LlmThrift.Pricing;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.Logging;

namespace LlmThrift.Metering;

/// <summary>Opens and closes records, and hands them to the sinks. Safe for concurrent use.</summary>
internal sealed class CallMeter
{
    private readonly ICallRecordSink[] _sinks;
    private readonly CostTelemetry _telemetry;
    private readonly HelperFailures _failures;

    public CallMeter(CostMeterOptions options, IEnumerable<ICallRecordSink> moreSinks, PipelineServices services)
    {
        Prices = options.Prices;
        _telemetry = services.Telemetry;
        _failures = services.Failures;
        Clock = services.Clock;
        Logger = services.Logger;
        Report = options.Report ?? new CostReport();
        Billing = new AttemptBilling(options.Prices, options.TokenCounter, services.Clock);
        _sinks = [Report, .. options.Sinks.Concat(moreSinks).Where(sink => sink is not CostReport).Distinct()];
    }

    /// <summary>A meter of the app's services: its report, its sinks, its log.</summary>
    public static CallMeter Create(CostMeterOptions options, PipelineServices services)
    {
        options.Report ??= services.Find<CostReport>();
        var sinks = services.FindAll<ICallRecordSink>().Append(new LoggerCallRecordSink(services.Logger));
        return new CallMeter(options, sinks, services);
    }

    public PriceBook Prices { get; }

    public TimeProvider Clock { get; }

    public ILogger Logger { get; }

    public CostReport Report { get; }

    public AttemptBilling Billing { get; }

    /// <summary>Who is told, at a call's end, what it has cost besides what it saw itself; null for nobody.</summary>
    public ILateBills? LateBills { get; set; }

    public TimeSpan Elapsed(in OpenRecord record) => Clock.GetElapsedTime(record.StartedTimestamp);

    public OpenRecord Open(CallOptions call, string? provider, string? requestedModel, bool isStreaming, bool isBilledFurtherIn) =>
        new()
        {
            StartedAt = Clock.GetUtcNow(),
            StartedTimestamp = Clock.GetTimestamp(),
            Provider = provider,
            RequestedModel = requestedModel,
            IsStreaming = isStreaming,
            IsBilledFurtherIn = isBilledFurtherIn,
            Activity = CostTelemetry.StartActivity(requestedModel, provider, call.Context.Tags),
        };

    /// <summary>
    /// Closes the record and hands it on. Where the bill is not known yet (shared work that goes on after this caller has left), that happens
    /// when it is, and null is returned: the caller does not wait for it.
    /// </summary>
    public CallRecord? Close(
        OpenRecord open,
        CallOptions call,
        IReadOnlyList<ChatMessage> messages,
        AttemptResult result,
        Exception? exception
    )
    {
        if (call.Context.PendingBill is { IsCompleted: false } pending)
        {
            _ = CloseWhenBilledAsync(pending, open, call, messages, result, exception);
            return null;
        }

        return CloseNow(open, call, messages, result, exception);
    }

    private async Task CloseWhenBilledAsync(
        Task pending,
        OpenRecord open,
        CallOptions call,
        IReadOnlyList<ChatMessage> messages,
        AttemptResult result,
        Exception? exception
    )
    {
        await pending.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        CloseNow(open, call, messages, result, exception);
    }

    private CallRecord CloseNow(
        OpenRecord open,
        CallOptions call,
        IReadOnlyList<ChatMessage> messages,
        AttemptResult result,
        Exception? exception
    )
    {
        var context = call.Context;
        context.Close();
        var (attempts, steps, notes) = context.Snapshot();
        var served = context.Served;
        if (
            served is null
            && !context.IsBilledElsewhere
            && Array.TrueForAll(attempts, static attempt => attempt.IsHelper)
            && !(open.IsBilledFurtherIn && HasNotReachedTheProvider(result))
        )
        {
            // No meter further in, or its bill was lost on the way: this meter saw the answer too.
            attempts = [.. attempts, Billing.Bill(CostStages.Provider, open.Provider, messages, call, result, open.RequestedModel)];
        }

        var settled = CallLedger.Settle(Prices, open.StartedAt, served, attempts, steps);
        var record = new CallRecord
        {
            StartedAt = open.StartedAt,
            Duration = result.Duration,
            TimeToFirstUpdate = open.TimeToFirstUpdate,
            IsStreaming = open.IsStreaming,
            Outcome = result.Outcome,
            ErrorType = exception?.GetType().FullName,
            Tags = context.Tags,
            Provider = open.Provider,
            RequestedModel = open.RequestedModel,
            Model = served?.Model ?? (attempts.Length > 0 ? attempts[^1].Model : null) ?? result.ModelId,
            ServedBy = served?.Stage,
            SemanticMatch = served?.Match,
            Routing = context.Routing,
            BilledUsage = settled.BilledUsage,
            BaselineUsage = settled.BaselineUsage,
            IsEstimated = served?.IsEstimated == true || Array.Exists(attempts, a => a.IsEstimated),
            BaselineCost = settled.Baseline,
            ActualCost = settled.Actual,
            SavingByStage = settled.Savings,
            Attempts = attempts,
            Notes = notes,
        };
        TellLateBills(context, isBilled: attempts.Length > 0);
        Emit(record, context);
        _telemetry.End(open.Activity, record);
        return record;
    }

    private void TellLateBills(CallContext context, bool isBilled)
    {
        if (LateBills is not null && isBilled && context.TakeUnbudgeted() is { Length: > 0 } late)
        {
            LateBills.Take(late, context.Tags);
        }
    }

    /// <summary>Hands on the bill of work that a stage did for itself, in a record of its own; nothing when it cost nothing.</summary>
    public void CloseUpkeep(CallContext context, DateTimeOffset startedAt)
    {
        context.Close();
        var (attempts, _, notes) = context.Snapshot();
        if (attempts.Length == 0)
        {
            return;
        }

        var settled = CallLedger.SettleUpkeep(attempts);
        var record = new CallRecord
        {
            IsUpkeep = true,
            StartedAt = startedAt,
            Duration = Clock.GetUtcNow() - startedAt,
            Tags = context.Tags,
            Provider = attempts[^1].Provider,
            RequestedModel = attempts[^1].Model,
            Model = attempts[^1].Model,
            BilledUsage = settled.BilledUsage,
            BaselineUsage = settled.BaselineUsage,
            IsEstimated = Array.Exists(attempts, a => a.IsEstimated),
            BaselineCost = settled.Baseline,
            ActualCost = settled.Actual,
            SavingByStage = settled.Savings,
            Attempts = attempts,
            Notes = notes,
        };
        TellLateBills(context, isBilled: true);
        Emit(record, context);
        _telemetry.End(activity: null, record);
    }

    /// <summary>A call that ends early may have waited for a helper until then. One that did reach the provider has been billed further in.</summary>
    private static bool HasNotReachedTheProvider(in AttemptResult result) =>
        result.Outcome != CallOutcome.Completed && !result.HasDelivered && result.Reported is null;

    private void Emit(CallRecord record, CallContext context)
    {
        foreach (var sink in _sinks)
        {
            try
            {
                sink.Record(record);
            }
            catch (Exception exception)
            {
                _failures.Report(sink.GetType().Name, exception);
            }
        }

        try
        {
            context.Directive<Action<CallRecord>>(CallDirectives.RecordCallback)?.Invoke(record);
        }
        catch (Exception exception)
        {
            _failures.Report(nameof(CostTagExtensions.WithCallRecord), exception);
        }
    }
}
