using LlmThrift.OutputLimits.Learning;

namespace LlmThrift.OutputLimits;

/// <summary>What the output limits have learned. Safe for concurrent use.</summary>
/// <remarks>Get it from the pipeline: <c>client.GetService&lt;OutputLimitReport&gt;()</c>.</remarks>
public sealed class OutputLimitReport
{
    private readonly CapLearners _learners;

    internal OutputLimitReport(CapLearners learners)
    {
        _learners = learners;
    }

    /// <summary>The learned caps, by feature and model.</summary>
    /// <returns>Those of now, ordered by feature and model; none unless <see cref="OutputLimitOptions.LearnCaps"/> is on.</returns>
    public IReadOnlyList<LearnedCap> GetLearnedCaps() => _learners.Report();
}
