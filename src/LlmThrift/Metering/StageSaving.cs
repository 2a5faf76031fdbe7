namespace LlmThrift.Metering;

/// <summary>What one stage saved on a call or on many.</summary>
/// <param name="Stage">One of <see cref="Diagnostics.CostStages"/>.</param>
/// <param name="Saving">US dollars; negative when the stage cost more than it saved.</param>
public readonly record struct StageSaving(string Stage, decimal Saving);
