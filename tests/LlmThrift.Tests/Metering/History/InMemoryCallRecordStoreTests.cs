using LlmThrift.Diagnostics;
using LlmThrift.Metering;
using LlmThrift.TestKit;
using LlmThrift.TestKit.Stores;
using Xunit;

namespace LlmThrift.Tests.Metering.History;

public sealed class InMemoryCallRecordStoreTests : CallRecordStoreContract
{
    private readonly ManualTimeProvider _clock = new();
    private readonly InMemoryCallRecordStore _store;
    private long _number;

    public InMemoryCallRecordStoreTests()
    {
        _store = new InMemoryCallRecordStore(_clock);
    }

    protected override ICallRecordStore Store => _store;

    protected override DateTimeOffset Now => _clock.GetUtcNow();

    [Fact]
    public async Task Points_of_minutes_are_there_for_two_days_then_those_of_hours()
    {
        var start = Now;
        await AppendAsync(Call(actual: 1m), Call(actual: 2m, at: start.AddMinutes(-1)), Call(actual: 4m, at: start.AddMinutes(-2)));
        var query = new CostHistoryQuery
        {
            From = start.AddHours(-1),
            To = start.AddHours(1),
            Interval = TimeSpan.FromMinutes(1),
        };

        var young = await _store.QueryAsync(query, default);
        _clock.Advance(TimeSpan.FromDays(3));
        await AppendAsync(Call(actual: 8m));
        var old = await _store.QueryAsync(query, default);

        Assert.Equal(
            [(start.AddMinutes(-2), 4m), (start.AddMinutes(-1), 2m), (start, 1m)],
            young.Points.Select(point => (point.Start, point.Totals.ActualCost))
        );
        Assert.Equal([(start.AddHours(-1), 6m), (start, 1m)], old.Points.Select(point => (point.Start, point.Totals.ActualCost)));
    }

    [Fact]
    public async Task Single_calls_are_bounded_and_their_sums_stay()
    {
        const int many = InMemoryCallRecordStore.MaxCalls + 10;
        await _store.AppendAsync([.. Enumerable.Range(0, many).Select(_ => Call(actual: 1m))], default);

        Assert.Equal(InMemoryCallRecordStore.MaxCalls, (await ReadAsync()).Count);
        Assert.Equal(many, (await _store.QueryAsync(LastDay(), default)).Total.ActualCost);
    }

    [Fact]
    public async Task Names_are_bounded_and_the_rest_is_found_under_other()
    {
        const int names = 10_000;
        const int many = names + 50;
        await _store.AppendAsync([.. Enumerable.Range(0, many).Select(i => Call(actual: 1m, tenant: $"tenant-{i}"))], default);

        var history = await _store.QueryAsync(LastDay(), default);

        Assert.Equal(CostReport.MaxGroups + 1, history.ByTenant.Count);
        Assert.Equal(many - CostReport.MaxGroups, history.ByTenant[CostReport.OtherGroup].ActualCost);
        Assert.Equal(many, history.Total.ActualCost);
    }

    [Fact]
    public async Task Sums_are_bounded_and_the_oldest_lose_their_names_first()
    {
        const int hours = 150;
        var begin = Now.AddHours(-hours);
        for (var hour = 0; hour <= hours; hour++)
        {
            await _store.AppendAsync(
                [.. Enumerable.Range(0, 1_000).Select(i => Call(actual: 1m, tenant: $"tenant-{i}", at: begin.AddHours(hour)))],
                default
            );
        }

        var all = await _store.QueryAsync(LastDay() with { From = begin }, default);
        var newest = await _store.QueryAsync(LastDay() with { From = Now }, default);
        var oldest = await _store.QueryAsync(LastDay() with { From = begin, To = begin.AddHours(1) }, default);

        Assert.Equal((hours + 1) * 1_000m, all.Total.ActualCost);
        Assert.Equal(1_000, newest.ByTenant.Count);
        Assert.Equal([CostReport.OtherGroup], oldest.ByTenant.Keys);
    }

    [Fact]
    public async Task Hours_are_forgotten_after_four_hundred_days()
    {
        await AppendAsync(Call(actual: 1m));
        _clock.Advance(TimeSpan.FromDays(402));
        await AppendAsync(Call(actual: 2m));

        var history = await _store.QueryAsync(LastDay() with { From = DateTimeOffset.MinValue }, default);

        Assert.Equal(2m, history.Total.ActualCost);
    }

    [Fact]
    public async Task Many_writers_and_readers_at_once_lose_nothing()
    {
        await Parallel.ForAsync(
            0,
            100,
            async (i, token) =>
            {
                await _store.AppendAsync([Call(actual: 1m, tenant: $"{i % 7}")], token);
                await _store.QueryAsync(LastDay(), token);
                await _store.ReadDearestAsync(LastDay(), 3, token);
            }
        );

        Assert.Equal(100m, (await _store.QueryAsync(LastDay(), default)).Total.ActualCost);
    }

    private StoredCall Call(
        decimal? actual,
        decimal? baseline = 1m,
        string? tenant = "a",
        string? feature = null,
        string? model = "m",
        string? tier = null,
        DateTimeOffset? at = null
    ) =>
        new()
        {
            Id = new Guid((int)Interlocked.Increment(ref _number), 0, 0, new byte[8]),
            StartedAt = at ?? Now,
            Tags = new CallTags(tenant, feature, null),
            Model = model,
            Tier = tier,
            ActualCost = actual,
            BaselineCost = baseline,
            SavingByStage = baseline - actual is { } saving && saving != 0m ? [new StageSaving(CostStages.Routing, saving)] : [],
        };

    private ValueTask AppendAsync(params StoredCall[] calls) => _store.AppendAsync(calls, default);

    private CostHistoryQuery LastDay() => new() { From = Now.AddDays(-1), To = Now.AddDays(1) };

    private async Task<List<StoredCall>> ReadAsync()
    {
        var calls = new List<StoredCall>();
        await foreach (var call in _store.ReadAsync(LastDay(), default))
        {
            calls.Add(call);
        }

        return calls;
    }
}
