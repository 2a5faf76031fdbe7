using LlmThrift.Metering;

namespace LlmThrift.Routing;

/// <summary>A tier and why it was chosen.</summary>
/// <param name="Tier">Its position.</param>
/// <param name="Reason">Why.</param>
/// <param name="Rule">The rule's name, where one chose.</param>
/// <param name="Score">What the stronger tier would gain; null when no scorer was asked.</param>
/// <param name="Threshold">The score from which on the stronger one is chosen.</param>
internal readonly record struct TierChoice(
    int Tier,
    RoutingReason Reason,
    string? Rule = null,
    double? Score = null,
    double? Threshold = null
);
