namespace LlmThrift.Routing;

/// <summary>A tier as a policy knows it.</summary>
/// <param name="Name">Its name among <see cref="ModelRoutingOptions.Tiers"/>.</param>
/// <param name="ModelId">The model that was audited; null when it is not known.</param>
/// <param name="CostPerCall">What a call of the audit cost on average, in USD; null when it is not known.</param>
public sealed record PolicyTier(string Name, string? ModelId = null, decimal? CostPerCall = null);
