using LlmThrift.SemanticCache;
using LlmThrift.TestKit.Stores;
using Xunit;

namespace LlmThrift.Sqlite.Tests;

public sealed class SqliteSemanticCacheStoreTests : SemanticCacheStoreContract, IDisposable
{
    private readonly TemporaryStore _temporary = new();

    protected override ISemanticCacheStore Store => _temporary.Store.SemanticCache;

    [Fact]
    public async Task What_has_expired_is_not_loaded_and_goes_with_the_maintenance()
    {
        await Store.SaveAsync(Entry("e1", "a1"), Answer("a1"), default);

        Assert.Empty(await EntriesAsync(Now.AddHours(1)));
        Assert.Single(await AnswersAsync(Now.AddHours(1)));
        Assert.Empty(await AnswersAsync(Now.AddHours(2)));
        _temporary.Clock.Advance(TimeSpan.FromHours(3));
        await _temporary.Store.MaintainAsync();
        Assert.Empty(await EntriesAsync());
        Assert.Empty(await AnswersAsync());
    }

    [Fact]
    public async Task Answer_that_its_last_entry_left_for_another_goes()
    {
        await Store.SaveAsync(Entry("e1", "a1"), Answer("a1"), default);
        await Store.SaveAsync(Entry("e1", "a2"), Answer("a2"), default);

        Assert.Equal("a2", Assert.Single(await AnswersAsync()).Id);
    }

    public void Dispose() => _temporary.Dispose();
}
