using LlmThrift.TestKit.Stores;
using Microsoft.Extensions.Caching.Distributed;
using Xunit;

namespace LlmThrift.Sqlite.Tests;

public sealed class SqliteDistributedCacheTests : DistributedCacheContract, IDisposable
{
    private const int MaxBytes = 2 * 1024 * 1024;

    private readonly TemporaryStore _temporary = new(options => options.MaxCacheBytes = MaxBytes);

    protected override IDistributedCache Cache => _temporary.Store.Cache;

    protected override DateTimeOffset Now => _temporary.Clock.GetUtcNow();

    [Fact]
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

        Assert.NotNull(await Cache.GetAsync("old"));
        Pass(TimeSpan.FromMinutes(1));
        for (var index = 18; index < 40; index++)
        {
            await Cache.SetAsync($"new{index}", value, new());
        }

        Assert.Null(await Cache.GetAsync("old"));
        Assert.NotNull(await Cache.GetAsync("new39"));
        Assert.InRange(Bytes(), 1, MaxBytes);
    }

    [Fact]
    public async Task Value_larger_than_the_cache_is_not_kept_and_drops_nothing_else()
    {
        await Cache.SetAsync("small", [1], new());
        await Cache.SetAsync("large", new byte[MaxBytes + 1], new());

        Assert.Null(await Cache.GetAsync("large"));
        Assert.NotNull(await Cache.GetAsync("small"));
    }

    [Fact]
    public async Task Maintenance_removes_what_has_expired_and_the_bytes_add_up()
    {
        for (var index = 0; index < 250; index++)
        {
            await Cache.SetAsync($"key{index}", new byte[100], new() { AbsoluteExpirationRelativeToNow = TimeSpan.FromMinutes(1 + index) });
        }

        await Cache.SetAsync("key249", new byte[50], new());
        await Cache.RemoveAsync("key248");
        Pass(TimeSpan.FromDays(1));
        await _temporary.Store.MaintainAsync();

        Assert.Equal(_temporary.Store.File.Read(database => database.Scalar("SELECT sum(size) FROM cache_entry")), Bytes());
        Assert.Equal(1, _temporary.Store.File.Read(database => database.Scalar("SELECT count(*) FROM cache_entry")));
    }

    public void Dispose() => _temporary.Dispose();

    protected override void Pass(TimeSpan time) => _temporary.Clock.Advance(time);

    private long Bytes() => _temporary.Store.File.Read(database => database.Scalar("SELECT bytes FROM cache_total"));
}
