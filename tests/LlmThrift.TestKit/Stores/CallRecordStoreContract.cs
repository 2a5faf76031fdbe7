using LlmThrift.Diagnostics;
using LlmThrift.Metering;
using Xunit;

namespace LlmThrift.TestKit.Stores;

/// <summary>What holds for every store of call records. Derive, and give a store that is empty at the beginning of each test.</summary>
public abstract class CallRecordStoreContract
{
    protected abstract ICallRecordStore Store { get; }

    /// <summary>The time by the store's clock.</summary>
    protected abstract DateTimeOffset Now { get; }

    private DateTimeOffset Hour => new(Now.UtcTicks - (Now.UtcTicks % TimeSpan.TicksPerHour), TimeSpan.Zero);

    [StoreFact]
    public async Task Record_reads_back_as_it_was_written()
    {
        var full = Call(Hour.AddMinutes(-3)) with
        {
            Duration = TimeSpan.FromMilliseconds(1234.5),
            Outcome = CallOutcome.Abandoned,
            ErrorType = "System.TimeoutException",
            Tags = new CallTags("acme 'ä' 日本", "faq", "u-1"),
            Provider = "openai",
            RequestedModel = "gpt-4o",
            ServedBy = CostStages.ExactCache,
            Tier = "small",
            IsUpkeep = true,
            IsStreaming = true,
            IsEstimated = true,
            BaselineCost = 0.1234567890123456789012345678m,
            ActualCost = 0.0000000000000000000000000001m,
            SavingByStage = [new StageSaving("a", 0.123456789m), new StageSaving("b", -0.5m)],
        };
        var bare = new StoredCall { Id = Guid.CreateVersion7(), StartedAt = Hour.AddMinutes(-5).AddTicks(1) };
        await Store.AppendAsync([bare, full], default);

        var read = await ReadAsync(All());

        Assert.Equal(2, read.Count);
        AssertEqual(full, read[0]);
        AssertEqual(bare, read[1]);
        Assert.Null(read[1].ActualCost);
        Assert.Null(read[1].Tags.Tenant);
    }

    [StoreFact]
    public async Task Record_whose_id_is_there_is_not_counted_twice()
    {
        var calls = Enumerable.Range(0, 10).Select(index => Call(Hour.AddMinutes(-index))).ToList();
        await Store.AppendAsync(calls.Take(5).ToList(), default);
        await Store.AppendAsync(calls, default);
        await Store.AppendAsync([calls[0], calls[0]], default);
        await Store.AppendAsync([], default);

        Assert.Equal(10, (await Store.QueryAsync(All(), default)).Total.Calls);
        Assert.Equal(10, (await ReadAsync(All())).Count);
    }

    [StoreFact]
    public async Task Sums_are_those_of_the_report()
    {
        var calls = Various(3_000);
        var tasks = calls.Chunk(250).Select(some => Task.Run(async () => await Store.AppendAsync(some, default)));
        await Task.WhenAll(tasks);

        await AssertSumsAsync(calls, All());
        await AssertSumsAsync(calls, All() with { Tenant = "t1" });
        await AssertSumsAsync(calls, All() with { Feature = "f2" });
        await AssertSumsAsync(calls, All() with { Model = "m0" });
        await AssertSumsAsync(calls, All() with { Tenant = CostReport.NoGroup, Model = "m1" });
        await AssertSumsAsync(calls, All() with { Tenant = "unheard-of" });
        await AssertSumsAsync(calls, All() with { Interval = TimeSpan.FromDays(1) });
        await AssertSumsAsync(calls, All() with { Interval = TimeSpan.FromDays(30), Feature = "f0" });
        await AssertSumsAsync(
            calls,
            All() with
            {
                From = Hour.AddHours(-300),
                To = Hour.AddHours(-31),
                Interval = TimeSpan.FromDays(1),
                Tenant = "t1",
            }
        );
        await AssertSumsAsync(calls, All() with { From = Hour.AddHours(-20), To = Hour.AddHours(-2), Interval = TimeSpan.FromDays(1) });
        await AssertSumsAsync(calls, All() with { From = Hour.AddHours(-300), To = Hour.AddHours(-31), Interval = TimeSpan.FromHours(5) });
        await AssertSumsAsync(calls, All() with { From = Hour.AddHours(-100), To = Hour.AddHours(-7) });
        await AssertSumsAsync(calls, All() with { From = Hour.AddHours(-3), To = Hour.AddHours(-3) });
    }

    [StoreFact]
    public async Task Sums_by_the_minute_are_kept_for_two_days()
    {
        var calls = Enumerable.Range(0, 120).Select(index => Call(Hour.AddMinutes(-index).AddSeconds(7))).ToList();
        await Store.AppendAsync(calls, default);

        await AssertSumsAsync(calls, All() with { Interval = TimeSpan.FromMinutes(1) });
        await AssertSumsAsync(calls, All() with { Interval = TimeSpan.FromMinutes(5), Tenant = "t" });
        await AssertSumsAsync(
            calls,
            All() with
            {
                From = Hour.AddMinutes(-90),
                To = Hour.AddMinutes(-10),
                Interval = TimeSpan.FromMinutes(10),
            }
        );

        // Edges within the hour.
        await AssertSumsAsync(calls, All() with { From = Hour.AddMinutes(-95), To = Hour.AddMinutes(-5) });
        await AssertSumsAsync(calls, All() with { From = Hour.AddMinutes(-25), To = Hour.AddMinutes(-5) });
    }

    [StoreFact]
    public async Task Money_adds_up_to_the_last_decimal()
    {
        var calls = Enumerable
            .Range(1, 1_000)
            .Select(index =>
                Call(Hour.AddMinutes(-index)) with
                {
                    BaselineCost = 0.0000123456789m * index,
                    ActualCost = 0.0000000000001m * index,
                    SavingByStage = [new StageSaving("a", 0.0000123456789m * index), new StageSaving("b", -0.0000000000001m * index)],
                }
            )
            .ToList();
        await Store.AppendAsync(calls, default);

        var total = (await Store.QueryAsync(All(), default)).Total;

        Assert.Equal(calls.Sum(call => call.BaselineCost), total.BaselineCost);
        Assert.Equal(calls.Sum(call => call.ActualCost), total.ActualCost);
        Assert.Equal(total.Saving, total.SavingByStage.Values.Sum());
    }

    [StoreFact]
    public async Task Breakdown_of_very_many_names_keeps_the_dearest()
    {
        var calls = Enumerable
            .Range(0, CostReport.MaxGroups + 20)
            .Select(index => Call(Hour.AddMinutes(-1), tenant: $"tenant-{index}") with { ActualCost = index, BaselineCost = index })
            .ToList();
        await Store.AppendAsync(calls, default);

        var history = await Store.QueryAsync(All(), default);

        Assert.InRange(history.ByTenant.Count, CostReport.MaxGroups, CostReport.MaxGroups + 1);
        Assert.True(history.ByTenant.ContainsKey($"tenant-{CostReport.MaxGroups + 19}"));
        Assert.False(history.ByTenant.ContainsKey("tenant-3"));
        Assert.InRange(history.ByTenant[CostReport.OtherGroup].Calls, 20, 21);
        Assert.Equal(history.Total.ActualCost, history.ByTenant.Values.Sum(totals => totals.ActualCost));
    }

    [StoreFact]
    public async Task Single_calls_come_the_newest_first_within_the_query()
    {
        var calls = Various(1_500);
        await Store.AppendAsync(calls, default);
        var query = All() with { From = Hour.AddHours(-400), To = Hour.AddHours(-2), Tenant = "t1", Model = "m1" };

        var read = await ReadAsync(query);

        var expected = Matching(calls, query).OrderByDescending(call => call.StartedAt).Select(call => call.StartedAt).ToList();
        Assert.NotEmpty(expected);
        Assert.Equal(expected, read.Select(call => call.StartedAt));
        Assert.Equal(calls.Count, (await ReadAsync(All())).DistinctBy(call => call.Id).Count());
        Assert.Empty(await ReadAsync(All() with { Feature = "unheard-of" }));
    }

    [StoreFact]
    public async Task Single_calls_may_be_left_off_reading()
    {
        await Store.AppendAsync(Various(1_200), default);
        await foreach (var _ in Store.ReadAsync(All(), default))
        {
            break;
        }

        Assert.Equal(1_200, (await ReadAsync(All())).Count);
    }

    [StoreFact]
    public async Task Dearest_calls_come_by_their_cost()
    {
        var calls = Various(1_500);
        await Store.AppendAsync(calls, default);
        CostHistoryQuery[] queries =
        [
            All(),
            All() with
            {
                Tenant = "t2",
            },
            All() with
            {
                From = Hour.AddHours(-300),
                To = Hour.AddHours(-31),
                Feature = "f1",
            },
            All() with
            {
                Model = CostReport.NoGroup,
            },
        ];
        foreach (var query in queries)
        {
            var dearest = await Store.ReadDearestAsync(query, 20, default);

            var expected = Matching(calls, query).Where(call => call.ActualCost is not null).OrderByDescending(call => call.ActualCost);
            Assert.Equal(
                expected.Take(20).Select(call => call.ActualCost),
                dearest.Where(call => call.ActualCost is not null).Select(call => call.ActualCost)
            );
            Assert.True(dearest.Count <= 20);
        }

        Assert.Empty(await Store.ReadDearestAsync(All() with { Tenant = "unheard-of" }, 5, default));
    }

    [StoreFact]
    public async Task Removal_takes_single_calls_and_leaves_their_sums()
    {
        var calls = Various(1_500);
        await Store.AppendAsync(calls, default);
        var before = Hour.AddHours(-200);
        var old = calls.Count(call => call.StartedAt < before);
        Assert.NotEqual(0, old);

        Assert.Equal(old, await Store.RemoveBeforeAsync(before, default));
        Assert.Equal(0, await Store.RemoveBeforeAsync(before, default));

        Assert.Equal(calls.Count - old, (await ReadAsync(All())).Count);
        Assert.All(await Store.ReadDearestAsync(All(), 2_000, default), call => Assert.True(call.StartedAt >= before));
        await AssertSumsAsync(calls, All());
    }

    [StoreFact]
    public async Task Operation_cancelled_before_it_begins_ends_as_cancelled()
    {
        var cancelled = new CancellationToken(canceled: true);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await Store.AppendAsync([Call(Hour)], cancelled));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await Store.QueryAsync(All(), cancelled));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () =>
        {
            await foreach (var _ in Store.ReadAsync(All(), cancelled)) { }
        });
        Assert.Empty(await ReadAsync(All()));
    }

    private static StoredCall Call(DateTimeOffset startedAt, string? tenant = "t") =>
        new()
        {
            Id = Guid.CreateVersion7(startedAt),
            StartedAt = startedAt,
            Tags = new CallTags(tenant, "f", null),
            Model = "m",
            InputTokens = 100,
            OutputTokens = 10,
            BaselineInputTokens = 120,
            BaselineOutputTokens = 12,
            BaselineCost = 0.03m,
            ActualCost = 0.02m,
            SavingByStage = [new StageSaving(CostStages.ExactCache, 0.01m)],
        };

    private static IEnumerable<StoredCall> Matching(IEnumerable<StoredCall> calls, CostHistoryQuery query) =>
        calls.Where(call =>
            call.StartedAt >= query.From
            && call.StartedAt < query.To
            && Passes(query.Tenant, call.Tags.Tenant)
            && Passes(query.Feature, call.Tags.Feature)
            && Passes(query.Model, call.Model)
        );

    private static bool Passes(string? filter, string? name) => filter is null || filter == (name ?? CostReport.NoGroup);

    private static CallRecord RecordOf(StoredCall call) =>
        new()
        {
            StartedAt = call.StartedAt,
            Outcome = call.Outcome,
            Tags = call.Tags,
            Model = call.Model,
            ServedBy = call.ServedBy,
            IsUpkeep = call.IsUpkeep,
            IsEstimated = call.IsEstimated,
            BilledUsage = new() { InputTokens = call.InputTokens, OutputTokens = call.OutputTokens },
            BaselineUsage = new() { InputTokens = call.BaselineInputTokens, OutputTokens = call.BaselineOutputTokens },
            BaselineCost = call.BaselineCost,
            ActualCost = call.ActualCost,
            SavingByStage = call.SavingByStage,
        };

    private static CostSummary Report(IEnumerable<StoredCall> calls)
    {
        var report = new CostReport();
        foreach (var call in calls)
        {
            report.Record(RecordOf(call));
        }

        return report.GetSummary();
    }

    private static void AssertEqual(CostTotals expected, CostTotals actual)
    {
        var none = new Dictionary<string, decimal>();
        var nobody = new Dictionary<string, long>();
        Assert.Equal(
            expected.SavingByStage.Where(pair => pair.Value != 0).OrderBy(pair => pair.Key),
            actual.SavingByStage.Where(pair => pair.Value != 0).OrderBy(pair => pair.Key)
        );
        Assert.Equal(expected.CallsServedByStage.OrderBy(pair => pair.Key), actual.CallsServedByStage.OrderBy(pair => pair.Key));
        Assert.Equal(
            expected with
            {
                SavingByStage = none,
                CallsServedByStage = nobody,
            },
            actual with
            {
                SavingByStage = none,
                CallsServedByStage = nobody,
            }
        );
    }

    private static void AssertEqual(IReadOnlyDictionary<string, CostTotals> expected, IReadOnlyDictionary<string, CostTotals> actual)
    {
        Assert.Equal(expected.Keys.Order(), actual.Keys.Order());
        foreach (var (name, totals) in expected)
        {
            AssertEqual(totals, actual[name]);
        }
    }

    private static void AssertEqual(StoredCall expected, StoredCall actual)
    {
        Assert.Equal(expected.SavingByStage, actual.SavingByStage);
        Assert.Equal(expected with { SavingByStage = [] }, actual with { SavingByStage = [] });
    }

    private CostHistoryQuery All() => new() { From = Hour.AddDays(-60), To = Hour.AddDays(1) };

    private async Task<List<StoredCall>> ReadAsync(CostHistoryQuery query)
    {
        var calls = new List<StoredCall>();
        await foreach (var call in Store.ReadAsync(query, default))
        {
            calls.Add(call);
        }

        return calls;
    }

    /// <summary>Calls of a month, of all kinds, the same at each run.</summary>
    private List<StoredCall> Various(int count)
    {
        var calls = new List<StoredCall>(count);
        for (var index = 0; index < count; index++)
        {
            var isPriced = index % 11 != 0;
            var actual = 0.001m * (index * 7919 % count);
            calls.Add(
                new StoredCall
                {
                    Id = Guid.CreateVersion7(),
                    StartedAt = Hour.AddMinutes(-(index * 37 % 40_000)).AddMilliseconds(-index),
                    Outcome = (CallOutcome)(index % 4),
                    Tags = new CallTags(index % 4 == 3 ? null : $"t{index % 4}", $"f{index % 3}", $"u{index}"),
                    Model = index % 5 == 4 ? null : $"m{index % 2}",
                    ServedBy = index % 6 == 0 ? CostStages.ExactCache : null,
                    Tier = index % 2 == 0 ? $"tier{index % 3}" : null,
                    IsUpkeep = index % 13 == 0,
                    IsEstimated = index % 7 == 0,
                    InputTokens = index,
                    OutputTokens = index * 2,
                    BaselineInputTokens = index * 3,
                    BaselineOutputTokens = index * 4,
                    ActualCost = isPriced ? actual : null,
                    BaselineCost = isPriced ? actual + 0.5m : null,
                    SavingByStage = isPriced ? [new StageSaving($"s{index % 3}", 0.4m), new StageSaving("other", 0.1m)] : [],
                }
            );
        }

        return calls;
    }

    private async Task AssertSumsAsync(List<StoredCall> calls, CostHistoryQuery query)
    {
        var matching = Matching(calls, query).ToList();
        var history = await Store.QueryAsync(query, default);

        var expected = Report(matching);
        AssertEqual(expected.Total, history.Total);
        AssertEqual(expected.ByModel, history.ByModel);
        AssertEqual(expected.ByTenant, history.ByTenant);
        AssertEqual(expected.ByFeature, history.ByFeature);
        Assert.Equal(
            matching
                .Where(call => call is { Tier: not null, IsUpkeep: false })
                .GroupBy(call => call.Tier!)
                .Select(tier => KeyValuePair.Create(tier.Key, tier.LongCount()))
                .OrderBy(pair => pair.Key),
            history.CallsByTier.OrderBy(pair => pair.Key)
        );
        var points = matching
            .GroupBy(call => call.StartedAt.UtcTicks - (call.StartedAt.UtcTicks % query.Interval.Ticks))
            .OrderBy(point => point.Key)
            .ToList();
        Assert.Equal(points.Select(point => point.Key), history.Points.Select(point => point.Start.UtcTicks));
        foreach (var (point, actual) in points.Zip(history.Points))
        {
            AssertEqual(Report(point).Total, actual.Totals);
        }
    }
}
