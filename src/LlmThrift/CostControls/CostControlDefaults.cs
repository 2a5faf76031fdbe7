namespace LlmThrift.CostControls;

/// <summary>What <c>AddCostControls</c> configures for every pipeline of the app.</summary>
internal sealed record CostControlDefaults(Action<CostControlOptions> Configure);
