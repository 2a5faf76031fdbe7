using LlmThrift.Metering;
using LlmThrift.PostgreSql.Tests.Server;
using LlmThrift.TestKit.Stores;
using Xunit;

namespace LlmThrift.PostgreSql.Tests;

[RequiresServer]
[Collection(ServerGroup.Name)]
public sealed class PostgreSqlCallRecordStoreTests(SharedServer shared) : CallRecordStoreContract, IDisposable
{
    private readonly TemporaryStore _temporary = new(shared.Server);

    protected override ICallRecordStore Store => _temporary.Store.Records;

    protected override DateTimeOffset Now => _temporary.Clock.GetUtcNow();

    [StoreFact]
    public async Task Names_that_the_database_does_not_take_are_mended_and_do_not_hold_up_the_others()
    {
        await Store.AppendAsync(
            [
                new StoredCall
                {
                    Id = Guid.CreateVersion7(),
                    StartedAt = Now,
                    Tags = new CallTags("a\0b", "half \uD800 pair", "u"),
                },
                new StoredCall { Id = Guid.CreateVersion7(), StartedAt = Now },
            ],
            default
        );

        var history = await Store.QueryAsync(new() { From = Now.AddHours(-1), To = Now.AddHours(1) }, default);

        Assert.Equal(2, history.Total.Calls);
        Assert.Contains("a\uFFFDb", history.ByTenant.Keys);
    }

    [StoreFact]
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

        _temporary.Clock.Advance(TimeSpan.FromDays(91));
        await _temporary.Store.MaintainAsync();

        Assert.Empty(await Store.ReadDearestAsync(query, 5, default));
        var point = Assert.Single((await Store.QueryAsync(query, default)).Points);
        Assert.Equal(start.AddHours(-1), point.Start);
        Assert.Equal(1, point.Totals.Calls);
    }

    public void Dispose() => _temporary.Dispose();
}
