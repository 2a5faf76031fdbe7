using LlmThrift.PostgreSql.Tests.Server;
using LlmThrift.TestKit.Stores;
using Microsoft.Extensions.Caching.Distributed;
using Xunit;

namespace LlmThrift.PostgreSql.Tests;

[RequiresServer]
[Collection(ServerGroup.Name)]
public sealed class PostgreSqlDistributedCacheTests(SharedServer shared) : DistributedCacheContract, IDisposable
{
    private const int MaxBytes = 2 * 1024 * 1024;

    private readonly TemporaryStore _temporary = new(shared.Server, options => options.MaxCacheBytes = MaxBytes);

    protected override IDistributedCache Cache => _temporary.Store.Cache;

    protected override DateTimeOffset Now => _temporary.Clock.GetUtcNow();

    [StoreFact]
    public async Task Cache_that_is_full_drops_what_has_expired_then_what_was_not_used_for_longest()
    {
        var value = new byte[100_000];
        await Cache.SetAsync("expired", value, new() { AbsoluteExpirationRelativeToNow = TimeSpan.FromMinutes(1) });
        await Cache.SetAsync("old but used", value, new());
        await Cache.SetAsync("old", value, new());
        Pass(TimeSpan.FromMinutes(30));
        await Cache.GetAsync("old but used");
        for (var index = 0; index < 18; index++)
        {
            await Cache.SetAsync($"new{index}", value, new());
        }

        Assert.NotNull(await Cache.GetAsync("old but used"));
        for (var index = 18; index < 30; index++)
        {
            Pass(TimeSpan.FromMinutes(1));
            await Cache.SetAsync($"new{index}", value, new());
        }

        Assert.Null(await Cache.GetAsync("old"));
        Assert.NotNull(await Cache.GetAsync("new29"));
        Assert.InRange((long)(await _temporary.ScalarAsync("SELECT sum(size) FROM {s}.cache_entry"))!, 1, MaxBytes * 1.1);
        await _temporary.Store.MaintainAsync();
        Assert.InRange((long)(await _temporary.ScalarAsync("SELECT sum(size) FROM {s}.cache_entry"))!, 1, MaxBytes);
    }

    [StoreFact]
    public async Task Value_larger_than_the_cache_is_not_kept()
    {
        await Cache.SetAsync("large", [1], new());
        await Cache.SetAsync("large", new byte[MaxBytes + 1], new());

        Assert.Null(await Cache.GetAsync("large"));
    }

    public void Dispose() => _temporary.Dispose();

    protected override void Pass(TimeSpan time) => _temporary.Clock.Advance(time);
}
