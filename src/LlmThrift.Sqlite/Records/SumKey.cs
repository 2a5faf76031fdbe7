namespace LlmThrift.Sqlite.Records;

/// <summary>Of a row of sums. The start is in minutes since 0001-01-01.</summary>
internal readonly record struct SumKey(SumLevel Level, long Start, long Tenant, long Feature, long Model, long Tier);
