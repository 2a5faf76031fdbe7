namespace LlmThrift.Stores;

/// <summary>What one stage saved, and how many calls it answered.</summary>
internal readonly record struct StageSum(string Stage, decimal Saving, long Served);
