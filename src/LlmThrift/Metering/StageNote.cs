namespace LlmThrift.Metering;

/// <summary>What a stage did with a call, or why it let the call pass.</summary>
/// <param name="Stage">One of <see cref="Diagnostics.CostStages"/>.</param>
/// <param name="Reason">A short stable word such as "hit", "coalesced" or "conversation_id".</param>
/// <param name="PassedBy">True when the stage could not or was told not to work on this call.</param>
public readonly record struct StageNote(string Stage, string Reason, bool PassedBy);
