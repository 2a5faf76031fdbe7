using LlmThrift.Metering;
using LlmThrift.TestKit.Stores;
using Xunit;

namespace LlmThrift.Sqlite.Tests;

public sealed class SqliteCallRecordStoreTests : CallRecordStoreContract, IDisposable
{
    private readonly TemporaryStore _temporary = new();

    protected override ICallRecordStore Store => _temporary.Store.Records;

    protected override DateTimeOffset Now => _temporary.Clock.GetUtcNow();

    [Fact]
    public async Task Maintenance_keeps_to_the_retention_and_the_sums_by_the_hour_for_good()
    {
        var start = Now;
        await Store.AppendAsync([new StoredCall { Id = Guid.CreateVersion7(), StartedAt = start.AddMinutes(-1) }], default);
        var query = new CostHistoryQuery
        {
            From = start.AddDays(-1),
            To = start.AddDays(1),
            Interval = TimeSpan.FromMinutes(1),
        };
        Assert.Equal(start.AddMinutes(-1), Assert.Single((await Store.QueryAsync(query, default)).Points).Start);

        _temporary.Clock.Advance(TimeSpan.FromDays(89));
        await _temporary.Store.MaintainAsync();
        Assert.Equal(1, await CountAsync(query));
        _temporary.Clock.Advance(TimeSpan.FromDays(2));
        await _temporary.Store.MaintainAsync();

        Assert.Equal(0, await CountAsync(query));
        var point = Assert.Single((await Store.QueryAsync(query, default)).Points);
        Assert.Equal(start.AddHours(-1), point.Start);
        Assert.Equal(1, point.Totals.Calls);
    }

    public void Dispose() => _temporary.Dispose();

    private async Task<int> CountAsync(CostHistoryQuery query)
    {
        var count = 0;
        await foreach (var _ in Store.ReadAsync(query, default))
        {
            count++;
        }

        return count;
    }
}
