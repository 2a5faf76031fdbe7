using LlmThrift.Internal;
using Microsoft.Extensions.AI;

namespace LlmThrift.OutputLimits;

/// <summary>What holds for the answers of one feature in place of what holds for all. A whole number will do where only the cap differs.</summary>
/// <example><code>o.OutputLimits.Features["faq"] = 300;</code></example>
public sealed class FeatureOutputLimits
{
    /// <summary>
    /// The most tokens that an answer may have. Default: null, that of <see cref="OutputLimitOptions.MaxOutputTokens"/>. At least 1.
    /// </summary>
    public int? MaxOutputTokens { get; set; }

    /// <summary>Whether a cap is learned. Default: null, as <see cref="OutputLimitOptions.LearnCaps"/> says.</summary>
    public bool? LearnCaps { get; set; }

    /// <summary>
    /// What the model is told about length. Default: null, what <see cref="OutputLimitOptions.BrevityInstruction"/> says; empty for nothing.
    /// </summary>
    public string? BrevityInstruction { get; set; }

    /// <summary>
    /// How much the model is to reason, for calls that do not say so themselves. Default: null, as <see cref="OutputLimitOptions.ReasoningEffort"/> says.
    /// </summary>
    public ReasoningEffort? ReasoningEffort { get; set; }

    /// <summary>
    /// Texts at which the model stops, besides those of the call and of <see cref="OutputLimitOptions.StopSequences"/>. Default: none.
    /// </summary>
    public IList<string> StopSequences { get; } = [];

    /// <summary>Limits that hold a cap and nothing else.</summary>
    /// <param name="maxOutputTokens">The most tokens that an answer may have.</param>
    public static implicit operator FeatureOutputLimits(int maxOutputTokens) => FromInt32(maxOutputTokens);

    /// <summary>Limits that hold a cap and nothing else.</summary>
    /// <param name="maxOutputTokens">The most tokens that an answer may have.</param>
    /// <returns>The limits.</returns>
    public static FeatureOutputLimits FromInt32(int maxOutputTokens) => new() { MaxOutputTokens = maxOutputTokens };

    internal void Validate(OptionsProblems problems, string feature)
    {
        problems.AddIf(
            MaxOutputTokens < 1,
            $"OutputLimits.Features[\"{feature}\"] is {MaxOutputTokens}: it must be at least 1. Remove the entry for no limit."
        );
        OutputLimitOptions.ValidateStopSequences(problems, StopSequences, $"OutputLimits.Features[\"{feature}\"].StopSequences");
    }
}
