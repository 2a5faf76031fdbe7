using System.Globalization;
using LlmThrift.Metering;
using LlmThrift.Sqlite.Database;
using LlmThrift.Stores;

namespace LlmThrift.Sqlite.Records;

/// <summary>Keeps some records and adds them to the sums.</summary>
internal sealed class AppendOperation(ArraySegment<StoredCall> records, TimeProvider clock) : WriteOperation
{
    private readonly BlobWriter _blob = new();

    public override bool IsBulk => true;

    public override void Run(SqliteDatabase database)
    {
        var names = new CallNames(database);
        var sums = new Dictionary<SumKey, CostSum>();
        var firstMinute = TimeSlots.FirstMinute(clock.GetUtcNow());
        foreach (var call in records)
        {
            var key = new SumKey(
                SumLevel.Minute,
                0,
                names.IdOf(call.Tags.Tenant),
                names.IdOf(call.Tags.Feature),
                names.IdOf(call.Model),
                names.IdOf(call.Tier)
            );
            if (!TryInsert(database, call, key, names))
            {
                continue;
            }

            var started = call.StartedAt.UtcTicks;
            Sum(key, SumLevel.Hour, started, TimeSpan.TicksPerHour).Add(call);
            Sum(key, SumLevel.Day, started, TimeSpan.TicksPerDay).Add(call);
            Sum(default, SumLevel.WholeHour, started, TimeSpan.TicksPerHour).Add(call);
            if (started >= firstMinute)
            {
                Sum(key, SumLevel.Minute, started, TimeSpan.TicksPerMinute).Add(call);
            }
        }

        foreach (var (key, sum) in sums)
        {
            Merge(database, key, sum);
        }

        CostSum Sum(SumKey key, SumLevel level, long ticks, long unit)
        {
            key = key with { Level = level, Start = (ticks - (ticks % unit)) / TimeSpan.TicksPerMinute };
            if (!sums.TryGetValue(key, out var sum))
            {
                sums[key] = sum = new CostSum();
            }

            return sum;
        }
    }

    /// <returns>False when the record is there already.</returns>
    private bool TryInsert(SqliteDatabase database, StoredCall call, SumKey key, CallNames names)
    {
        _blob.Clear();
        _blob.Write(call.SavingByStage.Count);
        foreach (var part in call.SavingByStage)
        {
            _blob.Write(names.IdOf(part.Stage));
            _blob.Write(part.Saving);
        }

        database
            .Statement(
                """
                INSERT OR IGNORE INTO call_record VALUES(
                    NULL, ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21, ?22, ?23)
                """
            )
            .Bind(1, call.Id)
            .Bind(2, call.StartedAt.UtcTicks)
            .Bind(3, call.StartedAt.UtcTicks / TimeSpan.TicksPerDay)
            .Bind(4, call.ActualCost is { } cost ? (double)cost : -1)
            .Bind(5, key.Tenant)
            .Bind(6, key.Feature)
            .Bind(7, key.Model)
            .Bind(8, key.Tier)
            .Bind(9, names.IdOf(call.Provider))
            .Bind(10, names.IdOf(call.RequestedModel))
            .Bind(11, names.IdOf(call.ServedBy))
            .Bind(12, names.IdOf(call.ErrorType))
            .Bind(13, call.Tags.User)
            .Bind(14, call.Duration.Ticks)
            .Bind(15, (long)call.Outcome)
            .Bind(16, (call.IsUpkeep ? 1 : 0) | (call.IsStreaming ? 2 : 0) | (call.IsEstimated ? 4 : 0))
            .Bind(17, call.InputTokens)
            .Bind(18, call.OutputTokens)
            .Bind(19, call.BaselineInputTokens)
            .Bind(20, call.BaselineOutputTokens)
            .Bind(21, call.BaselineCost?.ToString(CultureInfo.InvariantCulture))
            .Bind(22, call.ActualCost?.ToString(CultureInfo.InvariantCulture))
            .Bind(23, _blob.Written)
            .Execute();
        return database.Changes > 0;
    }

    private void Merge(SqliteDatabase database, SumKey key, CostSum sum)
    {
        var row = Bind(
            database.Statement(
                "SELECT sums FROM call_sum WHERE level=?1 AND start=?2 AND tenant=?3 AND feature=?4 AND model=?5 AND tier=?6"
            ),
            key
        );
        if (row.Step())
        {
            sum.Add(StoredSum.Read(row.Blob(0)));
            row.Reset();
        }

        StoredSum.Write(_blob, sum);
        Bind(database.Statement("REPLACE INTO call_sum VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7)"), key).Bind(7, _blob.Written).Execute();
    }

    private static SqliteStatement Bind(SqliteStatement statement, SumKey key) =>
        statement.Bind(1, (long)key.Level).Bind(2, key.Start).Bind(3, key.Tenant).Bind(4, key.Feature).Bind(5, key.Model).Bind(6, key.Tier);
}
