using LlmThrift.Internal;

namespace LlmThrift.OutputLimits;

/// <summary>Options of the output limits. By default nothing is limited: a cap that is too low cuts an answer that was paid for.</summary>
public sealed class OutputLimitOptions
{
    /// <summary>The most tokens that an answer may have. Default: null, no limit. At least 1.</summary>
    public int? MaxOutputTokens { get; set; }

    /// <summary>
    /// The most tokens that an answer may have, by feature (<c>options.WithFeature("faq")</c>), in place of <see cref="MaxOutputTokens"/>.
    /// Default: none. At least 1 each.
    /// </summary>
    public IDictionary<string, int> Features { get; } = new Dictionary<string, int>(StringComparer.OrdinalIgnoreCase);

    internal void Validate(OptionsProblems problems)
    {
        problems.AddIf(
            MaxOutputTokens < 1,
            $"OutputLimits.MaxOutputTokens is {MaxOutputTokens}: it must be at least 1, or null for no limit."
        );
        foreach (var (feature, limit) in Features)
        {
            problems.AddIf(
                limit < 1,
                $"OutputLimits.Features[\"{feature}\"] is {limit}: it must be at least 1. Remove the entry for no limit."
            );
        }
    }
}
