using ConsoleReplay.Reporting;
using ConsoleReplay.Semantic;
using ConsoleReplay.Traffic;
using LlmThrift.Diagnostics;
using LlmThrift.Metering;
using Microsoft.Extensions.AI;

namespace ConsoleReplay.Running;

/// <summary>
/// The app under replay: a provider with LlmThrift's cost controls around it. All that the sample takes from the library is here and in
/// the counting of tokens and prices.
/// </summary>
internal sealed class CostControlledApp : IDisposable
{
    private readonly Lock _gate = new();
    private readonly List<TimeSpan> _latencies = [];
    private readonly Func<ReplayCall, TimeSpan>? _providerLatency;
    private readonly SemanticReplay? _semantic;
    private long _providerCalls;

    /// <param name="provider">The provider; disposed with the app.</param>
    /// <param name="maxOutputTokens">The cap on answers; null for none.</param>
    /// <param name="providerLatency">What the provider takes for a call when it does not run faster than the clock; null when it does not.</param>
    /// <param name="semantic">The semantic cache; null for none. Belongs to the caller.</param>
    public CostControlledApp(
        IChatClient provider,
        int? maxOutputTokens,
        Func<ReplayCall, TimeSpan>? providerLatency,
        SemanticReplay? semantic = null
    )
    {
        _providerLatency = providerLatency;
        _semantic = semantic;
        var client = provider.WithCostControls(options =>
        {
            options.OutputLimits.MaxOutputTokens = maxOutputTokens;
            options.UseSemanticCache = semantic is not null;
            semantic?.Configure(options.SemanticCache);
        });
        Client = semantic?.Watch(client) ?? client;
    }

    /// <summary>What the app calls.</summary>
    public IChatClient Client { get; }

    /// <summary>The options of a call, tagged the way an app tags its calls.</summary>
    public ChatOptions OptionsOf(ReplayCall call) =>
        call
            .Options.Clone()
            .WithFeature(call.Feature)
            .WithTenant(call.Tenant)
            .WithUser(call.User)
            .WithCallRecord(record => Observe(call, record));

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
                Stages = StagesOf(total, _semantic is not null),
                Features = FeaturesOf(summary),
                PassedBy = summary.PassedBy,
                LatencyWith = LatencyFigures.Of(_latencies),
                Semantic = _semantic?.GetFigures(),
            };
        }
    }

    private void Observe(ReplayCall call, CallRecord record)
    {
        var reachedProvider = record.Attempts.Count > 0 || record.Notes.Any(note => note.Reason == "coalesced");
        var latency = record.Duration;
        if (reachedProvider && _providerLatency?.Invoke(call) is { } atFullLength)
        {
            // A call that waited for another's request waited about as long as for its own.
            var inProvider =
                record.Attempts.Count > 0
                    ? record.Attempts.Aggregate(TimeSpan.Zero, (sum, attempt) => sum + attempt.Duration)
                    : record.Duration;
            latency = record.Duration - inProvider + atFullLength;
        }

        _semantic?.Observe(record);
        lock (_gate)
        {
            _providerCalls += record.Attempts.Count;
            if (record.Outcome == CallOutcome.Completed)
                _latencies.Add(latency);
        }
    }

    public void Dispose() => Client.Dispose();

    private static List<StageFigures> StagesOf(CostTotals total, bool isSemantic)
    {
        string[] always = isSemantic
            ? [CostStages.ExactCache, CostStages.SemanticCache, CostStages.OutputLimits]
            : [CostStages.ExactCache, CostStages.OutputLimits];
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
                .ByFeature.Select(pair => new GroupFigures(
                    pair.Key,
                    pair.Value.Calls,
                    pair.Value.UnpricedCalls,
                    pair.Value.BaselineCost,
                    pair.Value.ActualCost
                ))
                .OrderByDescending(group => group.BaselineCost)
                .ThenBy(group => group.Name, StringComparer.Ordinal),
        ];
}
