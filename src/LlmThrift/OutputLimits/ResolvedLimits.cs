using Microsoft.Extensions.AI;

namespace LlmThrift.OutputLimits;

/// <summary>What holds for a feature, once what is said of it and what is said of all have been put together.</summary>
internal sealed record ResolvedLimits(
    int? MaxOutputTokens,
    bool LearnsCap,
    string? Brevity,
    ReasoningEffort? Effort,
    string[] StopSequences
)
{
    public static ResolvedLimits Of(OutputLimitOptions options, FeatureOutputLimits? feature)
    {
        var brevity = feature?.BrevityInstruction ?? options.BrevityInstruction;
        return new ResolvedLimits(
            feature?.MaxOutputTokens ?? options.MaxOutputTokens,
            feature?.LearnCaps ?? options.LearnCaps,
            string.IsNullOrWhiteSpace(brevity) ? null : brevity,
            feature?.ReasoningEffort ?? options.ReasoningEffort,
            [.. options.StopSequences.Union(feature?.StopSequences ?? [])]
        );
    }
}
