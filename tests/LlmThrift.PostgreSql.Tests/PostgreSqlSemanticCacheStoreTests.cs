using LlmThrift.PostgreSql.Tests.Server;
using LlmThrift.SemanticCache;
using LlmThrift.TestKit.Stores;
using Xunit;

namespace LlmThrift.PostgreSql.Tests;

[RequiresServer]
[Collection(ServerGroup.Name)]
public sealed class PostgreSqlSemanticCacheStoreTests(SharedServer shared) : SemanticCacheStoreContract, IDisposable
{
    private readonly TemporaryStore _temporary = new(shared.Server);

    protected override ISemanticCacheStore Store => _temporary.Store.SemanticCache;

    [StoreFact]
    public async Task What_has_expired_is_not_loaded_and_goes_with_the_maintenance()
    {
        await Store.SaveAsync(Entry("e1", "a1"), Answer("a1"), default);

        Assert.Empty(await EntriesAsync(Now.AddHours(1)));
        Assert.Single(await AnswersAsync(Now.AddHours(1)));
        _temporary.Clock.Advance(TimeSpan.FromHours(3));
        await _temporary.Store.MaintainAsync();
        Assert.Empty(await EntriesAsync());
        Assert.Empty(await AnswersAsync());
    }

    [StoreFact]
    public async Task Answer_that_its_last_entry_left_for_another_goes()
    {
        await Store.SaveAsync(Entry("e1", "a1"), Answer("a1"), default);
        await Store.SaveAsync(Entry("e1", "a2"), Answer("a2"), default);

        Assert.Equal("a2", Assert.Single(await AnswersAsync()).Id);
    }

    public void Dispose() => _temporary.Dispose();
}
