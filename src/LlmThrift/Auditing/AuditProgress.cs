namespace LlmThrift.Auditing;

/// <summary>How far an audit is.</summary>
/// <param name="Done">Requests with both answers and a judgement, or given up.</param>
/// <param name="Total">Requests in all.</param>
/// <param name="Spent">USD spent so far, by all runs.</param>
/// <param name="MaxCost">USD that may be spent; null for no limit.</param>
public readonly record struct AuditProgress(int Done, int Total, decimal Spent, decimal? MaxCost);
