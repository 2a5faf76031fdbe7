using System.Diagnostics;
using System.Diagnostics.Metrics;
using LlmThrift.Metering;

namespace LlmThrift.Diagnostics;

/// <summary>Metrics and activities of calls, named by the OpenTelemetry conventions for generative AI where these have a name.</summary>
internal sealed class CostTelemetry : IDisposable
{
    private static readonly ActivitySource Source = new(TelemetryNames.ActivitySource);

    private readonly Meter _meter;
    private readonly Histogram<long> _tokens;
    private readonly Histogram<double> _duration;
    private readonly Counter<double> _actual;
    private readonly Counter<double> _baseline;
    private readonly UpDownCounter<double> _saving;
    private readonly Counter<long> _calls;
    private readonly Counter<long> _unpriced;
    private readonly Counter<long> _passedBy;

    public CostTelemetry(IMeterFactory? factory)
    {
        _meter = factory?.Create(TelemetryNames.Meter) ?? new Meter(TelemetryNames.Meter);
        _tokens = _meter.CreateHistogram<long>(TelemetryNames.TokenUsage, "{token}", "Billed tokens of a call.");
        _duration = _meter.CreateHistogram<double>(TelemetryNames.OperationDuration, "s", "Duration of a call as the app saw it.");
        _actual = _meter.CreateCounter<double>(TelemetryNames.ActualCost, "{USD}", "What calls cost.");
        _baseline = _meter.CreateCounter<double>(TelemetryNames.BaselineCost, "{USD}", "What calls would have cost as the app sent them.");
        _saving = _meter.CreateUpDownCounter<double>(TelemetryNames.Saving, "{USD}", "Baseline less actual, by stage.");
        _calls = _meter.CreateCounter<long>(TelemetryNames.Calls, "{call}", "Calls by outcome and by who served them.");
        _unpriced = _meter.CreateCounter<long>(TelemetryNames.UnpricedCalls, "{call}", "Calls whose model has no known price.");
        _passedBy = _meter.CreateCounter<long>(TelemetryNames.PassedBy, "{call}", "Calls that a stage let pass, by reason.");
        HelperErrors = _meter.CreateCounter<long>(
            TelemetryNames.HelperErrors,
            "{error}",
            "Failures of helpers that did not fail the call."
        );
    }

    public Counter<long> HelperErrors { get; }

    public void Dispose() => _meter.Dispose();

    public static Activity? StartActivity(string? model, string? provider, CallTags tags)
    {
        var activity = Source.HasListeners() ? Source.StartActivity(model is null ? "chat" : $"chat {model}", ActivityKind.Client) : null;
        if (activity is null)
        {
            return null;
        }

        activity.SetTag("gen_ai.operation.name", "chat");
        activity.SetTag("gen_ai.request.model", model);
        activity.SetTag("gen_ai.provider.name", provider);
        activity.SetTag("llmthrift.tenant", tags.Tenant);
        activity.SetTag("llmthrift.feature", tags.Feature);
        activity.SetTag("enduser.id", tags.User);
        return activity;
    }

    public void End(Activity? activity, CallRecord record)
    {
        if (activity is not null)
        {
            Describe(activity, record);
            activity.Dispose();
        }

        Measure(record);
    }

    private static void Describe(Activity activity, CallRecord record)
    {
        activity.SetTag("gen_ai.response.model", record.Model);
        activity.SetTag("gen_ai.usage.input_tokens", record.BilledUsage.InputTokens);
        activity.SetTag("gen_ai.usage.output_tokens", record.BilledUsage.OutputTokens);
        activity.SetTag("llmthrift.served_by", record.ServedBy ?? CostStages.Provider);
        activity.SetTag("llmthrift.cost.actual", (double?)record.ActualCost);
        activity.SetTag("llmthrift.cost.baseline", (double?)record.BaselineCost);
        activity.SetTag("llmthrift.cost.saving", (double?)record.Saving);
        activity.SetTag("llmthrift.estimated", record.IsEstimated);
        if (record.SemanticMatch is { } match)
        {
            activity.SetTag("llmthrift.semantic.hit_id", match.HitId);
            activity.SetTag("llmthrift.semantic.similarity", match.Similarity);
            activity.SetTag("llmthrift.semantic.score", match.Score);
            activity.SetTag("llmthrift.semantic.error_bound", match.ErrorBound);
            activity.SetTag("llmthrift.semantic.age", match.Age.TotalSeconds);
        }

        if (record.Routing is { } routing)
        {
            activity.SetTag("llmthrift.routing.tier", routing.Tier);
            activity.SetTag("llmthrift.routing.first_tier", routing.FirstTier);
            activity.SetTag("llmthrift.routing.reason", routing.Reason.ToString());
            activity.SetTag("llmthrift.routing.rule", routing.Rule);
            activity.SetTag("llmthrift.routing.score", routing.Score);
            activity.SetTag("llmthrift.routing.threshold", routing.Threshold);
            activity.SetTag("llmthrift.routing.failed_check", routing.FailedCheck);
        }

        if (record.ErrorType is { } error)
        {
            activity.SetTag("error.type", error);
            activity.SetStatus(ActivityStatusCode.Error);
        }
    }

    private void Measure(CallRecord record)
    {
        if (_duration.Enabled && !record.IsUpkeep)
        {
            _duration.Record(record.Duration.TotalSeconds, Common(record, includeError: true));
        }

        if (_tokens.Enabled && record.Attempts.Count > 0)
        {
            var tags = Common(record, includeError: false);
            tags.Add("gen_ai.token.type", "input");
            _tokens.Record(record.BilledUsage.InputTokens, tags);
            tags = Common(record, includeError: false);
            tags.Add("gen_ai.token.type", "output");
            _tokens.Record(record.BilledUsage.OutputTokens, tags);
        }

        if (_calls.Enabled && !record.IsUpkeep)
        {
            var tags = Common(record, includeError: false);
            tags.Add("llmthrift.outcome", Name(record.Outcome));
            tags.Add("llmthrift.served_by", record.ServedBy ?? CostStages.Provider);
            _calls.Add(1, tags);
        }

        if (_passedBy.Enabled)
        {
            foreach (var note in record.Notes.Where(n => n.PassedBy))
            {
                _passedBy.Add(1, new("llmthrift.stage", note.Stage), new("llmthrift.reason", note.Reason));
            }
        }

        MeasureMoney(record);
    }

    private void MeasureMoney(CallRecord record)
    {
        if (record is not { ActualCost: { } actual, BaselineCost: { } baseline })
        {
            if (_unpriced.Enabled && !record.IsUpkeep)
            {
                _unpriced.Add(1, Common(record, includeError: false));
            }

            return;
        }

        if (_actual.Enabled)
        {
            _actual.Add((double)actual, Attributed(record));
        }

        if (_baseline.Enabled)
        {
            _baseline.Add((double)baseline, Attributed(record));
        }

        if (_saving.Enabled)
        {
            foreach (var part in record.SavingByStage)
            {
                var tags = Attributed(record);
                tags.Add("llmthrift.stage", part.Stage);
                _saving.Add((double)part.Saving, tags);
            }
        }
    }

    private static TagList Common(CallRecord record, bool includeError)
    {
        var tags = new TagList
        {
            { "gen_ai.operation.name", "chat" },
            { "gen_ai.provider.name", record.Provider ?? "unknown" },
            { "gen_ai.request.model", record.RequestedModel },
            { "gen_ai.response.model", record.Model },
        };
        if (includeError && record.ErrorType is { } error)
        {
            tags.Add("error.type", error);
        }

        return tags;
    }

    /// <summary>Users are left out: there are too many of them for a metric.</summary>
    private static TagList Attributed(CallRecord record) =>
        new()
        {
            { "gen_ai.request.model", record.RequestedModel },
            { "llmthrift.tenant", record.Tags.Tenant },
            { "llmthrift.feature", record.Tags.Feature },
        };

    private static string Name(CallOutcome outcome) =>
        outcome switch
        {
            CallOutcome.Completed => "completed",
            CallOutcome.Failed => "failed",
            CallOutcome.Cancelled => "cancelled",
            _ => "abandoned",
        };
}
