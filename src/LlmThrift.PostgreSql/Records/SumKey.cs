namespace LlmThrift.PostgreSql.Records;

/// <summary>Of a row of sums. The level is 0 for a minute, 1 for an hour, 2 for a day, 3 for an hour over all names; the start is in minutes since 0001-01-01.</summary>
internal readonly record struct SumKey(short Level, long Start, string Tenant, string Feature, string Model, string Tier);
