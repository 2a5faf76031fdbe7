using System.Globalization;
using System.Runtime.CompilerServices;
using LlmThrift.Metering;
using LlmThrift.Sqlite.Database;
using LlmThrift.Stores;

namespace LlmThrift.Sqlite.Records;

/// <summary>Call records and their sums in the file.</summary>
internal sealed class SqliteCallRecordStore(SqliteFile file, SqliteWriter writer, TimeProvider clock) : ICallRecordStore
{
    /// <summary>One or two milliseconds of writing: a call that reserves meanwhile waits no longer than that.</summary>
    private const int RecordsAtOnce = 50;

    private const int RowsAtOnce = 500;
    private const int RemovedAtOnce = 500;

    public async ValueTask AppendAsync(IReadOnlyList<StoredCall> records, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(records);
        var all = records as StoredCall[] ?? [.. records];
        for (var start = 0; start < all.Length; start += RecordsAtOnce)
        {
            var some = new ArraySegment<StoredCall>(all, start, Math.Min(RecordsAtOnce, all.Length - start));
            await writer.RunAsync(new AppendOperation(some, clock), cancellationToken).ConfigureAwait(false);
        }
    }

    public async ValueTask<CostHistory> QueryAsync(CostHistoryQuery query, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(query);
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(query.Interval, TimeSpan.Zero, nameof(query));

        // It may take a good part of a second: not on the caller's thread.
        return await Task.Run(() => file.Read(database => Query(database, query, cancellationToken)), cancellationToken)
            .ConfigureAwait(false);
    }

    public async IAsyncEnumerable<StoredCall> ReadAsync(
        CostHistoryQuery query,
        [EnumeratorCancellation] CancellationToken cancellationToken
    )
    {
        ArgumentNullException.ThrowIfNull(query);
        var (time, key) = (query.To.UtcTicks, long.MinValue);
        while (true)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var page = await Task.Run(() => file.Read(ReadPage), cancellationToken).ConfigureAwait(false);
            foreach (var call in page)
            {
                yield return call;
            }

            if (page.Count < RowsAtOnce)
            {
                yield break;
            }
        }

        // A page at a time: a reader that lasts would keep the log of changes from being emptied.
        List<StoredCall> ReadPage(SqliteDatabase database)
        {
            var names = new CallNames(database);
            var page = new List<StoredCall>();
            if (CallFilter.Of(query, names) is not { } filter)
            {
                return page;
            }

            using var rows = new SqliteReader(
                database.Statement(
                    $"SELECT {CallRows.Columns} FROM call_record WHERE started>=?1 AND (started, key)<(?2, ?3){filter.ToSql()} ORDER BY started DESC, key DESC LIMIT {RowsAtOnce}"
                )
            );
            rows.Statement.Bind(1, query.From.UtcTicks).Bind(2, time).Bind(3, key);
            filter.Bind(rows.Statement);
            while (rows.Statement.Step())
            {
                (time, key) = (rows.Statement.Integer(2), rows.Statement.Integer(0));
                page.Add(CallRows.Read(rows.Statement, names));
            }

            return page;
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
        return await Task.Run(() => file.Read(database => ReadDearest(database, query, count, cancellationToken)), cancellationToken)
            .ConfigureAwait(false);
    }

    public async ValueTask<long> RemoveBeforeAsync(DateTimeOffset before, CancellationToken cancellationToken)
    {
        var removed = 0L;
        while (true)
        {
            var some = 0;
            await writer
                .RunAsync(
                    database =>
                    {
                        database
                            .Statement(
                                $"DELETE FROM call_record WHERE key IN (SELECT key FROM call_record WHERE started<?1 LIMIT {RemovedAtOnce})"
                            )
                            .Bind(1, before.UtcTicks)
                            .Execute();
                        some = database.Changes;
                    },
                    isBulk: true,
                    cancellationToken
                )
                .ConfigureAwait(false);
            removed += some;
            if (some < RemovedAtOnce)
            {
                return removed;
            }
        }
    }

    /// <summary>Removes sums by the minute that are no longer promised.</summary>
    public async Task RemoveMinutesAsync(CancellationToken cancellationToken)
    {
        var before = TimeSlots.FirstMinute(clock.GetUtcNow()) / TimeSpan.TicksPerMinute;
        for (var removed = RemovedAtOnce; removed == RemovedAtOnce; )
        {
            await writer
                .RunAsync(
                    database =>
                    {
                        database
                            .Statement(
                                $"""
                                DELETE FROM call_sum WHERE (level, start, tenant, feature, model, tier) IN
                                    (SELECT level, start, tenant, feature, model, tier FROM call_sum WHERE level=0 AND start<?1 LIMIT {RemovedAtOnce})
                                """
                            )
                            .Bind(1, before)
                            .Execute();
                        removed = database.Changes;
                    },
                    isBulk: true,
                    cancellationToken
                )
                .ConfigureAwait(false);
        }
    }

    private CostHistory Query(SqliteDatabase database, CostHistoryQuery query, CancellationToken cancellationToken)
    {
        var builder = new CostHistoryBuilder(query.Interval);
        var names = new CallNames(database);
        if (CallFilter.Of(query, names) is not { } filter)
        {
            return builder.Build();
        }

        // All rows of one moment, though several statements read them.
        database.Execute("BEGIN");
        try
        {
            var slots = TimeSlots.Of(query, clock.GetUtcNow());
            Add(SumLevel.Minute, slots.BeforeFrom, slots.HoursFrom, isPoint: true, isGroup: true);

            // Whole days for the breakdowns, and for the points where these are made of days; without a filter one row an hour for the points: a month is a few thousand rows.
            var (firstDay, lastDay) = slots.Days;
            var points = filter.IsEmpty ? SumLevel.WholeHour : SumLevel.Hour;
            var arePointsOfDays = query.Interval.Ticks % TimeSpan.TicksPerDay == 0;
            Add(points, slots.HoursFrom, arePointsOfDays ? firstDay : slots.HoursTo, isPoint: true, isGroup: false);
            Add(points, arePointsOfDays ? lastDay : slots.HoursTo, slots.HoursTo, isPoint: true, isGroup: false);
            Add(SumLevel.Hour, slots.HoursFrom, firstDay, isPoint: false, isGroup: true);
            Add(SumLevel.Day, firstDay, lastDay, isPoint: arePointsOfDays, isGroup: true);
            Add(SumLevel.Hour, lastDay, slots.HoursTo, isPoint: false, isGroup: true);
            Add(SumLevel.Minute, slots.HoursTo, slots.AfterTo, isPoint: true, isGroup: true);
            return builder.Build();
        }
        finally
        {
            database.RollBack();
        }

        void Add(SumLevel level, long from, long to, bool isPoint, bool isGroup)
        {
            if (from >= to)
            {
                return;
            }

            using var rows = new SqliteReader(
                database.Statement(
                    string.Create(
                        CultureInfo.InvariantCulture,
                        $"SELECT start, tenant, feature, model, tier, sums FROM call_sum WHERE level={(int)level} AND start>=?1 AND start<?2{filter.ToSql()}"
                    )
                )
            );
            rows.Statement.Bind(1, Minutes(from)).Bind(2, Minutes(to));
            filter.Bind(rows.Statement);
            while (rows.Statement.Step())
            {
                cancellationToken.ThrowIfCancellationRequested();
                var sum = StoredSum.Read(rows.Statement.Blob(5));
                if (isPoint)
                {
                    builder.AddPoint(rows.Statement.Integer(0) * TimeSpan.TicksPerMinute, sum);
                }

                if (isGroup)
                {
                    builder.AddGroup(
                        names.NameOf(rows.Statement.Integer(1)),
                        names.NameOf(rows.Statement.Integer(2)),
                        names.NameOf(rows.Statement.Integer(3)),
                        names.NameOf(rows.Statement.Integer(4)),
                        sum
                    );
                }
            }
        }
    }

    /// <summary>Rounded up: a slot counts when it begins at this time or later.</summary>
    private static long Minutes(long ticks) => (ticks + TimeSpan.TicksPerMinute - 1) / TimeSpan.TicksPerMinute;

    /// <summary>Each day has its calls by falling cost: of the days after the first ones only the few are read that cost more than what has been found.</summary>
    private static List<StoredCall> ReadDearest(
        SqliteDatabase database,
        CostHistoryQuery query,
        int count,
        CancellationToken cancellationToken
    )
    {
        var names = new CallNames(database);
        var (from, to) = (query.From.UtcTicks, query.To.UtcTicks);
        if (CallFilter.Of(query, names) is not { } filter || from >= to)
        {
            return [];
        }

        // Two queries of one answer each, since SQLite reads all of an index for two.
        var bounds = database.Statement(
            "SELECT coalesce((SELECT min(day) FROM call_record), 1), coalesce((SELECT max(day) FROM call_record), 0)"
        );
        bounds.Step();
        var first = Math.Max(bounds.Integer(0), from / TimeSpan.TicksPerDay);
        var last = Math.Min(bounds.Integer(1), (to - 1) / TimeSpan.TicksPerDay);
        bounds.Reset();
        var dearest = new PriorityQueue<long, double>();
        for (var day = first; day <= last; day++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var isWhole = day * TimeSpan.TicksPerDay >= from && (day + 1) * TimeSpan.TicksPerDay <= to;
            using var rows = new SqliteReader(
                database.Statement(
                    $"SELECT key, cost FROM call_record INDEXED BY call_record_dearest WHERE day=?1 AND cost>?2{filter.ToSql()}"
                        + (isWhole ? "" : " AND started>=?3 AND started<?4")
                        + " ORDER BY cost DESC LIMIT ?5"
                )
            );
            rows.Statement.Bind(1, day)
                .Bind(2, dearest.Count == count && dearest.TryPeek(out _, out var least) ? least : -2)
                .Bind(5, count);
            filter.Bind(rows.Statement);
            if (!isWhole)
            {
                rows.Statement.Bind(3, from).Bind(4, to);
            }

            while (rows.Statement.Step())
            {
                if (dearest.Count == count)
                {
                    dearest.EnqueueDequeue(rows.Statement.Integer(0), rows.Statement.Real(1));
                }
                else
                {
                    dearest.Enqueue(rows.Statement.Integer(0), rows.Statement.Real(1));
                }
            }
        }

        var calls = new List<StoredCall>();
        foreach (var (key, _) in dearest.UnorderedItems)
        {
            using var row = new SqliteReader(database.Statement($"SELECT {CallRows.Columns} FROM call_record WHERE key=?1"));
            row.Statement.Bind(1, key);
            if (row.Statement.Step())
            {
                calls.Add(CallRows.Read(row.Statement, names));
            }
        }

        calls.Sort((a, b) => (b.ActualCost ?? -1).CompareTo(a.ActualCost ?? -1));
        return calls;
    }
}
