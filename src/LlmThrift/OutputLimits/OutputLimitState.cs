using LlmThrift.Diagnostics;
using LlmThrift.Internal;
using LlmThrift.OutputLimits.Learning;
using LlmThrift.Tokens;
using Microsoft.Extensions.Logging;

namespace LlmThrift.OutputLimits;

/// <summary>What the pipelines of one registration share: the options as they were when it was built, and what was learned. Safe for concurrent use.</summary>
internal sealed class OutputLimitState
{
    private readonly Dictionary<string, ResolvedLimits> _features = new(StringComparer.OrdinalIgnoreCase);
    private readonly ResolvedLimits _general;
    private readonly CapLearners _learners;

    public OutputLimitState(OutputLimitOptions options, PipelineServices services, RequestTokenCounter counter)
    {
        RetriesEmptyAnswers = options.RetryEmptyAnswers;
        MaxContinuations = options.ContinueCutAnswers ? options.MaxContinuations : 0;
        ContinueInstruction = options.ContinueInstruction;
        Counter = counter;
        Clock = services.Clock;
        Logger = services.Logger;
        Failures = services.Failures;
        _learners = new CapLearners(options.LearnedCaps.Copy(), services.Clock);
        Report = new OutputLimitReport(_learners);
        _general = ResolvedLimits.Of(options, null);
        foreach (var (feature, limits) in options.Features)
        {
            _features[feature] = ResolvedLimits.Of(options, limits);
        }
    }

    public bool RetriesEmptyAnswers { get; }

    /// <summary>Zero when cut answers stay as they are.</summary>
    public int MaxContinuations { get; }

    public string ContinueInstruction { get; }

    public RequestTokenCounter Counter { get; }

    public TimeProvider Clock { get; }

    public ILogger Logger { get; }

    public HelperFailures Failures { get; }

    public OutputLimitReport Report { get; }

    public ResolvedLimits LimitsOf(string? feature) =>
        feature is not null && _features.TryGetValue(feature, out var limits) ? limits : _general;

    public CapLearner LearnerOf(string? feature, string? model) => _learners.For(feature, model);
}
