using System.Data;
using System.Globalization;
using System.Runtime.CompilerServices;
using LlmThrift.Metering;
using LlmThrift.PostgreSql.Database;
using LlmThrift.Stores;
using Npgsql;

namespace LlmThrift.PostgreSql.Records;

/// <summary>Call records and their sums in the database.</summary>
internal sealed class PostgreSqlCallRecordStore(PostgreSqlDatabase database, TimeProvider clock) : ICallRecordStore
{
    private const int RecordsAtOnce = 1_000;
    private const int RowsAtOnce = 1_000;
    private const short Minute = 0;
    private const short Hour = 1;
    private const short Day = 2;
    private const short WholeHour = 3;

    /// <summary>As text, since a sum may have more digits than a decimal, which is then rounded rather than an error.</summary>
    private const string Sums =
        "sum(calls)::bigint, sum(failed)::bigint, sum(unpriced)::bigint, sum(estimated)::bigint, sum(input_tokens)::bigint, "
        + "sum(output_tokens)::bigint, sum(baseline_input_tokens)::bigint, sum(baseline_output_tokens)::bigint, sum(baseline_cost)::text, "
        + "sum(actual_cost)::text";

    public async ValueTask AppendAsync(IReadOnlyList<StoredCall> records, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(records);
        cancellationToken.ThrowIfCancellationRequested();
        foreach (var some in records.Chunk(RecordsAtOnce))
        {
            await database
                .TransactAsync(IsolationLevel.ReadCommitted, (connection, token) => AppendAsync(connection, some, token), cancellationToken)
                .ConfigureAwait(false);
        }
    }

    public async ValueTask<CostHistory> QueryAsync(CostHistoryQuery query, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(query);
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(query.Interval, TimeSpan.Zero, nameof(query));
        return await database
            .TransactAsync(IsolationLevel.RepeatableRead, (connection, token) => QueryAsync(connection, query, token), cancellationToken)
            .ConfigureAwait(false);
    }

    public async IAsyncEnumerable<StoredCall> ReadAsync(
        CostHistoryQuery query,
        [EnumeratorCancellation] CancellationToken cancellationToken
    )
    {
        ArgumentNullException.ThrowIfNull(query);
        var (time, id) = (query.To.UtcTicks, Guid.Empty);
        while (true)
        {
            var page = await database
                .RunAsync(
                    (connection, token) =>
                    {
                        var filter = new CallFilter(query, nullName: null);
                        return ReadRowsAsync(
                            connection,
                            $"""
                            SELECT {CallColumns.Names} FROM {database.Schema}.call_record
                            WHERE started >= $1 AND (started, id) < ($2, $3){filter.Sql(
                                4
                            )} ORDER BY started DESC, id DESC LIMIT {RowsAtOnce}
                            """,
                            parameters =>
                            {
                                parameters.Add(new NpgsqlParameter<long> { TypedValue = query.From.UtcTicks });
                                parameters.Add(new NpgsqlParameter<long> { TypedValue = time });
                                parameters.Add(new NpgsqlParameter<Guid> { TypedValue = id });
                                filter.AddParameters(parameters);
                            },
                            token
                        );
                    },
                    cancellationToken
                )
                .ConfigureAwait(false);
            foreach (var call in page)
            {
                yield return call;
            }

            if (page.Count < RowsAtOnce)
            {
                yield break;
            }

            (time, id) = (page[^1].StartedAt.UtcTicks, page[^1].Id);
        }
    }

    public async ValueTask<IReadOnlyList<StoredCall>> ReadDearestAsync(
        CostHistoryQuery query,
        int count,
        CancellationToken cancellationToken
    )
    {
        ArgumentNullException.ThrowIfNull(query);
        ArgumentOutOfRangeException.ThrowIfLessThan(count, 1);
        var filter = new CallFilter(query, nullName: null);

        // Each day has its calls by falling cost in an index: only the dearest of each are looked at. The time is asked for on the first and the last day alone, in a form that
        // no plan can begin with, since sorting a day by its cost takes far longer.
        return await database
            .RunAsync(
                (connection, token) =>
                    ReadRowsAsync(
                        connection,
                        $"""
                        SELECT {CallColumns.Names} FROM (
                            SELECT generate_series(greatest(min(day), $1), least(max(day), $2)) AS d FROM {database.Schema}.call_record) AS days
                        CROSS JOIN LATERAL (
                            SELECT * FROM {database.Schema}.call_record
                            WHERE day = days.d AND (days.d > $1 AND days.d < $2 OR started >= $3 AND started < $4){filter.Sql(6)}
                            ORDER BY actual_cost DESC NULLS LAST LIMIT $5) AS dearest
                        ORDER BY actual_cost DESC NULLS LAST LIMIT $5
                        """,
                        parameters =>
                        {
                            parameters.Add(new NpgsqlParameter<int> { TypedValue = (int)(query.From.UtcTicks / TimeSpan.TicksPerDay) });
                            parameters.Add(new NpgsqlParameter<int> { TypedValue = (int)(query.To.UtcTicks / TimeSpan.TicksPerDay) });
                            parameters.Add(new NpgsqlParameter<long> { TypedValue = query.From.UtcTicks });
                            parameters.Add(new NpgsqlParameter<long> { TypedValue = query.To.UtcTicks });
                            parameters.Add(new NpgsqlParameter<long> { TypedValue = count });
                            filter.AddParameters(parameters);
                        },
                        token
                    ),
                cancellationToken
            )
            .ConfigureAwait(false);
    }

    public async ValueTask<long> RemoveBeforeAsync(DateTimeOffset before, CancellationToken cancellationToken)
    {
        const int AtOnce = 5_000;
        var removed = 0L;
        while (true)
        {
            var some = await database
                .RunAsync(
                    async (connection, token) =>
                    {
                        var command = new NpgsqlCommand(
                            $"""
                            DELETE FROM {database.Schema}.call_record WHERE id IN (
                                SELECT id FROM {database.Schema}.call_record WHERE started < $1 ORDER BY started LIMIT {AtOnce})
                            """,
                            connection
                        );
                        await using (command.ConfigureAwait(false))
                        {
                            command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = before.UtcTicks });
                            return await command.ExecuteNonQueryAsync(token).ConfigureAwait(false);
                        }
                    },
                    cancellationToken
                )
                .ConfigureAwait(false);
            removed += some;
            if (some == 0)
            {
                return removed;
            }
        }
    }

    /// <summary>Removes sums by the minute that are no longer promised.</summary>
    public Task RemoveMinutesAsync(CancellationToken cancellationToken) =>
        database.RunAsync(
            async (connection, token) =>
            {
                var batch = new NpgsqlBatch(connection);
                await using (batch.ConfigureAwait(false))
                {
                    foreach (var table in (string[])["call_sum", "call_sum_stage"])
                    {
                        batch.BatchCommands.Add(
                            new($"DELETE FROM {database.Schema}.{table} WHERE level = 0 AND start < $1")
                            {
                                Parameters =
                                {
                                    new NpgsqlParameter<long>
                                    {
                                        TypedValue = TimeSlots.FirstMinute(clock.GetUtcNow()) / TimeSpan.TicksPerMinute,
                                    },
                                },
                            }
                        );
                    }

                    await batch.ExecuteNonQueryAsync(token).ConfigureAwait(false);
                }
            },
            cancellationToken
        );

    private static async Task<List<StoredCall>> ReadRowsAsync(
        NpgsqlConnection connection,
        string sql,
        Action<NpgsqlParameterCollection> addParameters,
        CancellationToken cancellationToken
    )
    {
        var calls = new List<StoredCall>();
        var command = new NpgsqlCommand(sql, connection);
        await using (command.ConfigureAwait(false))
        {
            addParameters(command.Parameters);
            var reader = await command.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
            await using (reader.ConfigureAwait(false))
            {
                while (await reader.ReadAsync(cancellationToken).ConfigureAwait(false))
                {
                    calls.Add(CallColumns.Read(reader));
                }
            }
        }

        return calls;
    }

    private async Task<bool> AppendAsync(NpgsqlConnection connection, StoredCall[] records, CancellationToken cancellationToken)
    {
        // What this transaction adds, and no other, belongs to its sums.
        var added = new HashSet<Guid>();
        var insert = new NpgsqlCommand(
            $"""
            INSERT INTO {database.Schema}.call_record({CallColumns.Names})
            SELECT * FROM unnest($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22)
            ORDER BY 1 ON CONFLICT (id) DO NOTHING RETURNING id
            """,
            connection
        );
        await using (insert.ConfigureAwait(false))
        {
            CallColumns.AddParameters(insert.Parameters, records);
            var reader = await insert.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
            await using (reader.ConfigureAwait(false))
            {
                while (await reader.ReadAsync(cancellationToken).ConfigureAwait(false))
                {
                    added.Add(reader.GetGuid(0));
                }
            }
        }

        var sums = AddUp(records, added);
        if (sums.Count == 0)
        {
            return true;
        }

        // In one order, so that no two transactions wait for each other.
        KeyValuePair<SumKey, CostSum>[] rows = [.. sums];
        var stages = rows.SelectMany(row => row.Value.Stages.Select(stage => (row.Key, Stage: stage))).ToArray();
        var batch = new NpgsqlBatch(connection);
        await using (batch.ConfigureAwait(false))
        {
            var upsert = new NpgsqlBatchCommand(
                $"""
                INSERT INTO {database.Schema}.call_sum AS s
                SELECT * FROM unnest($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)
                    AS n(level, start, tenant, feature, model, tier)
                ORDER BY level, start, tenant COLLATE "C", feature COLLATE "C", model COLLATE "C", tier COLLATE "C"
                ON CONFLICT (level, start, tenant, feature, model, tier) DO UPDATE SET
                    calls = s.calls + excluded.calls, failed = s.failed + excluded.failed, unpriced = s.unpriced + excluded.unpriced,
                    estimated = s.estimated + excluded.estimated, input_tokens = s.input_tokens + excluded.input_tokens,
                    output_tokens = s.output_tokens + excluded.output_tokens,
                    baseline_input_tokens = s.baseline_input_tokens + excluded.baseline_input_tokens,
                    baseline_output_tokens = s.baseline_output_tokens + excluded.baseline_output_tokens,
                    baseline_cost = s.baseline_cost + excluded.baseline_cost, actual_cost = s.actual_cost + excluded.actual_cost
                """
            );
            AddKeys(upsert.Parameters, [.. rows.Select(row => row.Key)]);
            Add(upsert.Parameters, rows, row => row.Value.Calls);
            Add(upsert.Parameters, rows, row => row.Value.Failed);
            Add(upsert.Parameters, rows, row => row.Value.Unpriced);
            Add(upsert.Parameters, rows, row => row.Value.Estimated);
            Add(upsert.Parameters, rows, row => row.Value.InputTokens);
            Add(upsert.Parameters, rows, row => row.Value.OutputTokens);
            Add(upsert.Parameters, rows, row => row.Value.BaselineInputTokens);
            Add(upsert.Parameters, rows, row => row.Value.BaselineOutputTokens);
            Add(upsert.Parameters, rows, row => row.Value.Baseline);
            Add(upsert.Parameters, rows, row => row.Value.Actual);
            batch.BatchCommands.Add(upsert);
            if (stages.Length > 0)
            {
                var upsertStages = new NpgsqlBatchCommand(
                    $"""
                    INSERT INTO {database.Schema}.call_sum_stage AS s
                    SELECT * FROM unnest($1, $2, $3, $4, $5, $6, $7, $8, $9) AS n(level, start, tenant, feature, model, tier, stage)
                    ORDER BY level, start, tenant COLLATE "C", feature COLLATE "C", model COLLATE "C", tier COLLATE "C", stage COLLATE "C"
                    ON CONFLICT (level, start, tenant, feature, model, tier, stage) DO UPDATE SET
                        saving = s.saving + excluded.saving, served = s.served + excluded.served
                    """
                );
                AddKeys(upsertStages.Parameters, [.. stages.Select(row => row.Key)]);
                Add(upsertStages.Parameters, stages, row => Texts.Clean(row.Stage.Stage));
                Add(upsertStages.Parameters, stages, row => row.Stage.Saving);
                Add(upsertStages.Parameters, stages, row => row.Stage.Served);
                batch.BatchCommands.Add(upsertStages);
            }

            await batch.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false);
        }

        return true;
    }

    private Dictionary<SumKey, CostSum> AddUp(StoredCall[] records, HashSet<Guid> added)
    {
        var sums = new Dictionary<SumKey, CostSum>();
        var firstMinute = TimeSlots.FirstMinute(clock.GetUtcNow());
        foreach (var call in records)
        {
            // Once, though the same record may be given twice.
            if (!added.Remove(call.Id))
            {
                continue;
            }

            var started = call.StartedAt.UtcTicks;
            var key = new SumKey(
                Minute,
                0,
                Texts.Clean(call.Tags.Tenant ?? ""),
                Texts.Clean(call.Tags.Feature ?? ""),
                Texts.Clean(call.Model ?? ""),
                Texts.Clean(call.Tier ?? "")
            );
            Sum(key, Hour, TimeSpan.TicksPerHour);
            Sum(key, Day, TimeSpan.TicksPerDay);
            Sum(new SumKey(WholeHour, 0, "", "", "", ""), WholeHour, TimeSpan.TicksPerHour);
            if (started >= firstMinute)
            {
                Sum(key, Minute, TimeSpan.TicksPerMinute);
            }

            void Sum(SumKey of, short level, long unit)
            {
                of = of with { Level = level, Start = (started - (started % unit)) / TimeSpan.TicksPerMinute };
                if (!sums.TryGetValue(of, out var sum))
                {
                    sums[of] = sum = new CostSum();
                }

                sum.Add(call);
            }
        }

        return sums;
    }

    private async Task<CostHistory> QueryAsync(NpgsqlConnection connection, CostHistoryQuery query, CancellationToken cancellationToken)
    {
        var builder = new CostHistoryBuilder(query.Interval);
        var slots = TimeSlots.Of(query, clock.GetUtcNow());
        var filter = new CallFilter(query, nullName: "");
        var isWhole = query is { Tenant: null, Feature: null, Model: null };

        // Whole days for the breakdowns, and for the points where these are made of days; without a filter one row an hour for the points: a month is a few thousand rows.
        var (firstDay, lastDay) = slots.Days;
        var pointLevel = isWhole ? WholeHour : Hour;
        var minutes = Within(Minute, slots.BeforeFrom, slots.HoursFrom) + Within(Minute, slots.HoursTo, slots.AfterTo);
        var points =
            minutes
            + (
                query.Interval.Ticks % TimeSpan.TicksPerDay == 0
                    ? Within(pointLevel, slots.HoursFrom, firstDay)
                        + Within(Day, firstDay, lastDay)
                        + Within(pointLevel, lastDay, slots.HoursTo)
                    : Within(pointLevel, slots.HoursFrom, slots.HoursTo)
            );
        var groups =
            minutes + Within(Hour, slots.HoursFrom, firstDay) + Within(Day, firstDay, lastDay) + Within(Hour, lastDay, slots.HoursTo);
        var pointSums = new Dictionary<long, CostSum>();
        var groupSums = new Dictionary<SumKey, CostSum>();
        var batch = new NpgsqlBatch(connection);
        await using (batch.ConfigureAwait(false))
        {
            AddQuery($"SELECT start, {Sums} FROM {database.Schema}.call_sum WHERE (false{points}){filter.Sql(1)} GROUP BY 1");
            AddQuery(
                $"SELECT start, stage, sum(saving)::text, sum(served)::bigint FROM {database.Schema}.call_sum_stage WHERE (false{points}){filter.Sql(1)} GROUP BY 1, 2"
            );
            AddQuery(
                $"SELECT tenant, feature, model, tier, {Sums} FROM {database.Schema}.call_sum WHERE (false{groups}){filter.Sql(1)} GROUP BY 1, 2, 3, 4"
            );
            AddQuery(
                $"SELECT tenant, feature, model, tier, stage, sum(saving)::text, sum(served)::bigint FROM {database.Schema}.call_sum_stage WHERE (false{groups}){filter.Sql(1)} GROUP BY 1, 2, 3, 4, 5"
            );
            var reader = await batch.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
            await using (reader.ConfigureAwait(false))
            {
                while (await reader.ReadAsync(cancellationToken).ConfigureAwait(false))
                {
                    pointSums[reader.GetInt64(0)] = ReadSum(reader, 1);
                }

                await reader.NextResultAsync(cancellationToken).ConfigureAwait(false);
                while (await reader.ReadAsync(cancellationToken).ConfigureAwait(false))
                {
                    pointSums[reader.GetInt64(0)].AddStage(reader.GetString(1), Money(reader, 2), reader.GetInt64(3));
                }

                await reader.NextResultAsync(cancellationToken).ConfigureAwait(false);
                while (await reader.ReadAsync(cancellationToken).ConfigureAwait(false))
                {
                    groupSums[ReadKey(reader)] = ReadSum(reader, 4);
                }

                await reader.NextResultAsync(cancellationToken).ConfigureAwait(false);
                while (await reader.ReadAsync(cancellationToken).ConfigureAwait(false))
                {
                    groupSums[ReadKey(reader)].AddStage(reader.GetString(4), Money(reader, 5), reader.GetInt64(6));
                }
            }
        }

        foreach (var (start, sum) in pointSums)
        {
            builder.AddPoint(start * TimeSpan.TicksPerMinute, sum);
        }

        foreach (var (key, sum) in groupSums)
        {
            builder.AddGroup(NullIfEmpty(key.Tenant), NullIfEmpty(key.Feature), NullIfEmpty(key.Model), NullIfEmpty(key.Tier), sum);
        }

        return builder.Build();

        void AddQuery(string sql)
        {
            var command = new NpgsqlBatchCommand(sql);
            filter.AddParameters(command.Parameters);
            batch.BatchCommands.Add(command);
        }
    }

    private static string Within(short level, long from, long to) =>
        from >= to
            ? ""
            : string.Create(CultureInfo.InvariantCulture, $" OR (level = {level} AND start >= {Minutes(from)} AND start < {Minutes(to)})");

    /// <summary>Rounded up: a slot counts when it begins at this time or later.</summary>
    private static long Minutes(long ticks) => (ticks + TimeSpan.TicksPerMinute - 1) / TimeSpan.TicksPerMinute;

    private static SumKey ReadKey(NpgsqlDataReader row) =>
        new(0, 0, row.GetString(0), row.GetString(1), row.GetString(2), row.GetString(3));

    private static CostSum ReadSum(NpgsqlDataReader row, int column) =>
        new()
        {
            Calls = row.GetInt64(column),
            Failed = row.GetInt64(column + 1),
            Unpriced = row.GetInt64(column + 2),
            Estimated = row.GetInt64(column + 3),
            InputTokens = row.GetInt64(column + 4),
            OutputTokens = row.GetInt64(column + 5),
            BaselineInputTokens = row.GetInt64(column + 6),
            BaselineOutputTokens = row.GetInt64(column + 7),
            Baseline = Money(row, column + 8),
            Actual = Money(row, column + 9),
        };

    private static decimal Money(NpgsqlDataReader row, int column) => decimal.Parse(row.GetString(column), CultureInfo.InvariantCulture);

    private static string? NullIfEmpty(string text) => text.Length == 0 ? null : text;

    private static void AddKeys(NpgsqlParameterCollection parameters, SumKey[] keys)
    {
        Add(parameters, keys, key => key.Level);
        Add(parameters, keys, key => key.Start);
        Add(parameters, keys, key => key.Tenant);
        Add(parameters, keys, key => key.Feature);
        Add(parameters, keys, key => key.Model);
        Add(parameters, keys, key => key.Tier);
    }

    private static void Add<TRow, T>(NpgsqlParameterCollection parameters, TRow[] rows, Converter<TRow, T> column) =>
        parameters.Add(new NpgsqlParameter<T[]> { TypedValue = Array.ConvertAll(rows, column) });
}
