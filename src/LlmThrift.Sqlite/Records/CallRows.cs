using System.Globalization;
using LlmThrift.Metering;
using LlmThrift.Sqlite.Database;

namespace LlmThrift.Sqlite.Records;

/// <summary>Reads records back.</summary>
internal static class CallRows
{
    public const string Columns = """
        key, id, started, tenant, feature, model, tier, provider, requested_model, served_by, error, user, duration, outcome, flags,
        input_tokens, output_tokens, baseline_input_tokens, baseline_output_tokens, baseline_cost, actual_cost, savings
        """;

    public static StoredCall Read(SqliteStatement row, CallNames names)
    {
        var flags = row.Integer(14);
        return new StoredCall
        {
            Id = row.Id(1),
            StartedAt = new DateTimeOffset(row.Integer(2), TimeSpan.Zero),
            Tags = new CallTags(names.NameOf(row.Integer(3)), names.NameOf(row.Integer(4)), row.TextOrNull(11)),
            Model = names.NameOf(row.Integer(5)),
            Tier = names.NameOf(row.Integer(6)),
            Provider = names.NameOf(row.Integer(7)),
            RequestedModel = names.NameOf(row.Integer(8)),
            ServedBy = names.NameOf(row.Integer(9)),
            ErrorType = names.NameOf(row.Integer(10)),
            Duration = new TimeSpan(row.Integer(12)),
            Outcome = (CallOutcome)row.Integer(13),
            IsUpkeep = (flags & 1) != 0,
            IsStreaming = (flags & 2) != 0,
            IsEstimated = (flags & 4) != 0,
            InputTokens = row.Integer(15),
            OutputTokens = row.Integer(16),
            BaselineInputTokens = row.Integer(17),
            BaselineOutputTokens = row.Integer(18),
            BaselineCost = Money(row.TextOrNull(19)),
            ActualCost = Money(row.TextOrNull(20)),
            SavingByStage = Savings(row.Blob(21), names),
        };
    }

    private static decimal? Money(string? text) => text is null ? null : decimal.Parse(text, CultureInfo.InvariantCulture);

    private static StageSaving[] Savings(ReadOnlySpan<byte> blob, CallNames names)
    {
        var reader = new BlobReader(blob);
        var savings = new StageSaving[reader.ReadInteger()];
        for (var index = 0; index < savings.Length; index++)
        {
            savings[index] = new StageSaving(names.NameOf(reader.ReadInteger())!, reader.ReadDecimal());
        }

        return savings;
    }
}
