using ConsoleReplay.Reporting;
using ConsoleReplay.Traffic;
using LlmThrift.Diagnostics;
using LlmThrift.Metering;
using Microsoft.Extensions.AI;

namespace ConsoleReplay.Running;

/// <summary>
/// The app under replay: a provider with LlmThrift's cost controls around it. All that the sample takes from the library is here and in
/// the counting of tokens and prices.
/// </summary>
internal sealed class CostControlledApp : ICallRecordSink, IDisposable
{
    private readonly Lock _gate = new();
    private readonly List<TimeSpan> _latencies = [];
    private readonly double _speed;
    private long _providerCalls;

    /// <param name="provider">The provider; disposed with the app.</param>
    /// <param name="speed">How much faster than on a real clock the provider answers.</param>
    /// <param name="maxOutputTokens">The cap on answers; null for none.</param>
    public CostControlledApp(IChatClient provider, double speed, int? maxOutputTokens)
    {
        _speed = speed;
        Client = provider.WithCostControls(options =>
        {
            options.OutputLimits.MaxOutputTokens = maxOutputTokens;
            options.Metering.Sinks.Add(this);
        });
    }

    /// <summary>What the app calls.</summary>
    public IChatClient Client { get; }

    /// <summary>The options of a call, tagged the way an app tags its calls.</summary>
    public ChatOptions OptionsOf(ReplayCall call) =>
        call.Options.Clone().WithFeature(call.Feature).WithTenant(call.Tenant).WithUser(call.User);

    /// <summary>What the calls so far cost, and would have cost.</summary>
    public ReplayFigures GetFigures()
    {
        var summary = Client.GetService<CostReport>()!.GetSummary();
        var total = summary.Total;
        lock (_gate)
        {
            return new ReplayFigures
            {
                Calls = total.Calls,
                UnpricedCalls = total.UnpricedCalls,
                EstimatedCalls = total.EstimatedCalls,
                ProviderCalls = _providerCalls,
                BaselineCost = total.BaselineCost,
                ActualCost = total.ActualCost,
                BaselineInputTokens = total.BaselineInputTokens,
                BaselineOutputTokens = total.BaselineOutputTokens,
                InputTokens = total.InputTokens,
                OutputTokens = total.OutputTokens,
                Stages = StagesOf(total),
                Features = FeaturesOf(summary),
                PassedBy = summary.PassedBy,
                LatencyWith = LatencyFigures.Of(_latencies),
            };
        }
    }

    /// <inheritdoc/>
    void ICallRecordSink.Record(CallRecord record)
    {
        var inProvider = record.Notes.Any(note => note is { Stage: CostStages.ExactCache, Reason: "coalesced" })
            ? record.Duration // It waited for another call's request.
            : record.Attempts.Aggregate(TimeSpan.Zero, (sum, attempt) => sum + attempt.Duration);
        lock (_gate)
        {
            _providerCalls += record.Attempts.Count;
            // The recorded provider's time runs faster than the clock, the app's own does not.
            if (record.Outcome == CallOutcome.Completed)
                _latencies.Add(record.Duration - inProvider + (inProvider * _speed));
        }
    }

    public void Dispose() => Client.Dispose();

    private static List<StageFigures> StagesOf(CostTotals total)
    {
        string[] always = [CostStages.ExactCache, CostStages.OutputLimits];
        return
        [
            .. always
                .Union(total.SavingByStage.Keys.Union(total.CallsServedByStage.Keys).Order(StringComparer.Ordinal), StringComparer.Ordinal)
                .Select(stage => new StageFigures(
                    stage,
                    total.CallsServedByStage.GetValueOrDefault(stage),
                    total.SavingByStage.GetValueOrDefault(stage)
                )),
        ];
    }

    private static List<GroupFigures> FeaturesOf(CostSummary summary) =>
        [
            .. summary
                .ByFeature.Select(pair => new GroupFigures(pair.Key, pair.Value.Calls, pair.Value.BaselineCost, pair.Value.ActualCost))
                .OrderByDescending(group => group.BaselineCost)
                .ThenBy(group => group.Name, StringComparer.Ordinal),
        ];
}
