using System.Text;
using System.Text.Json;
using LlmThrift.Metering;
using LlmThrift.PostgreSql.Database;
using Npgsql;

namespace LlmThrift.PostgreSql.Records;

/// <summary>Records as columns, there and back.</summary>
internal static class CallColumns
{
    public const string Names =
        "id, started, day, tenant, feature, usr, model, tier, provider, requested_model, served_by, error, duration, outcome, flags, input_tokens, "
        + "output_tokens, baseline_input_tokens, baseline_output_tokens, baseline_cost, actual_cost, savings";

    /// <summary>One array a column: a batch of any size is one statement, and one text.</summary>
    public static void AddParameters(NpgsqlParameterCollection parameters, IReadOnlyList<StoredCall> calls)
    {
        Add(call => call.Id);
        Add(call => call.StartedAt.UtcTicks);
        Add(call => (int)(call.StartedAt.UtcTicks / TimeSpan.TicksPerDay));
        Add(call => Texts.CleanOrNull(call.Tags.Tenant));
        Add(call => Texts.CleanOrNull(call.Tags.Feature));
        Add(call => Texts.CleanOrNull(call.Tags.User));
        Add(call => Texts.CleanOrNull(call.Model));
        Add(call => Texts.CleanOrNull(call.Tier));
        Add(call => Texts.CleanOrNull(call.Provider));
        Add(call => Texts.CleanOrNull(call.RequestedModel));
        Add(call => Texts.CleanOrNull(call.ServedBy));
        Add(call => Texts.CleanOrNull(call.ErrorType));
        Add(call => call.Duration.Ticks);
        Add(call => (short)call.Outcome);
        Add(call => (short)((call.IsUpkeep ? 1 : 0) | (call.IsStreaming ? 2 : 0) | (call.IsEstimated ? 4 : 0)));
        Add(call => call.InputTokens);
        Add(call => call.OutputTokens);
        Add(call => call.BaselineInputTokens);
        Add(call => call.BaselineOutputTokens);
        Add(call => call.BaselineCost);
        Add(call => call.ActualCost);
        Add(call => Write(call.SavingByStage));

        void Add<T>(Func<StoredCall, T> column)
        {
            var values = new T[calls.Count];
            for (var index = 0; index < values.Length; index++)
            {
                values[index] = column(calls[index]);
            }

            parameters.Add(new NpgsqlParameter<T[]> { TypedValue = values });
        }
    }

    public static StoredCall Read(NpgsqlDataReader row)
    {
        var flags = row.GetInt16(14);
        return new StoredCall
        {
            Id = row.GetGuid(0),
            StartedAt = new DateTimeOffset(row.GetInt64(1), TimeSpan.Zero),
            Tags = new CallTags(Text(3), Text(4), Text(5)),
            Model = Text(6),
            Tier = Text(7),
            Provider = Text(8),
            RequestedModel = Text(9),
            ServedBy = Text(10),
            ErrorType = Text(11),
            Duration = new TimeSpan(row.GetInt64(12)),
            Outcome = (CallOutcome)row.GetInt16(13),
            IsUpkeep = (flags & 1) != 0,
            IsStreaming = (flags & 2) != 0,
            IsEstimated = (flags & 4) != 0,
            InputTokens = row.GetInt64(15),
            OutputTokens = row.GetInt64(16),
            BaselineInputTokens = row.GetInt64(17),
            BaselineOutputTokens = row.GetInt64(18),
            BaselineCost = row.IsDBNull(19) ? null : row.GetDecimal(19),
            ActualCost = row.IsDBNull(20) ? null : row.GetDecimal(20),
            SavingByStage = ReadSavings(row.GetString(21)),
        };

        string? Text(int column) => row.IsDBNull(column) ? null : row.GetString(column);
    }

    private static string Write(IReadOnlyList<StageSaving> savings)
    {
        if (savings.Count == 0)
        {
            return "";
        }

        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            foreach (var part in savings)
            {
                json.WriteNumber(Texts.Clean(part.Stage), part.Saving);
            }

            json.WriteEndObject();
        }

        return Encoding.UTF8.GetString(buffer.GetBuffer().AsSpan(0, (int)buffer.Length));
    }

    private static StageSaving[] ReadSavings(string savings)
    {
        if (savings.Length == 0)
        {
            return [];
        }

        using var document = JsonDocument.Parse(savings);
        return [.. document.RootElement.EnumerateObject().Select(part => new StageSaving(part.Name, part.Value.GetDecimal()))];
    }
}
