namespace LlmThrift.Diagnostics;

/// <summary>Names of the meter, the activity source, and of what they emit.</summary>
/// <remarks>
/// Where the OpenTelemetry semantic conventions for generative AI have a name, that name is used (<c>gen_ai.*</c>).
/// Money is in US dollars.
/// </remarks>
public static class TelemetryNames
{
    /// <summary>The name of the <see cref="System.Diagnostics.Metrics.Meter"/>: pass it to <c>AddMeter</c>.</summary>
    public const string Meter = "LlmThrift";

    /// <summary>The name of the <see cref="System.Diagnostics.ActivitySource"/>: pass it to <c>AddSource</c>.</summary>
    public const string ActivitySource = "LlmThrift";

    /// <summary>Histogram, <c>{token}</c>: billed tokens of a call, by <c>gen_ai.token.type</c> (input, output).</summary>
    public const string TokenUsage = "gen_ai.client.token.usage";

    /// <summary>Histogram, <c>s</c>: duration of a call as the app saw it.</summary>
    public const string OperationDuration = "gen_ai.client.operation.duration";

    /// <summary>Counter, <c>{USD}</c>: what calls actually cost.</summary>
    public const string ActualCost = "llmthrift.cost.actual";

    /// <summary>Counter, <c>{USD}</c>: what calls would have cost as the app sent them.</summary>
    public const string BaselineCost = "llmthrift.cost.baseline";

    /// <summary>Up-down counter, <c>{USD}</c>: baseline less actual, by <c>llmthrift.stage</c>. A stage can cost more than it saves.</summary>
    public const string Saving = "llmthrift.cost.saving";

    /// <summary>Counter, <c>{call}</c>: calls, by outcome and by who served them.</summary>
    public const string Calls = "llmthrift.calls";

    /// <summary>Counter, <c>{call}</c>: calls whose cost is unknown because no price is known for the model.</summary>
    public const string UnpricedCalls = "llmthrift.calls.unpriced";

    /// <summary>Counter, <c>{call}</c>: calls that a stage let pass, by <c>llmthrift.stage</c> and <c>llmthrift.reason</c>.</summary>
    public const string PassedBy = "llmthrift.calls.passed_by";

    /// <summary>Counter, <c>{error}</c>: failures of helpers (stores, sinks) that did not fail the call.</summary>
    public const string HelperErrors = "llmthrift.helper.errors";
}
