using LlmThrift.Budgets;
using LlmThrift.Metering;
using LlmThrift.PostgreSql.Tests.Server;
using LlmThrift.SemanticCache;
using LlmThrift.TestKit.Stores;
using Xunit;

namespace LlmThrift.PostgreSql.Tests;

[RequiresServer]
[Collection(ServerGroup.Name)]
public sealed class PostgreSqlProcessTests(SharedServer shared) : StoreProcessContract, IDisposable
{
    private readonly TemporaryStore _temporary = new(shared.Server);

    protected override IReadOnlyList<string> Target => ["postgresql", _temporary.Options.ConnectionString!, _temporary.Options.Schema];

    public void Dispose() => _temporary.Dispose();

    protected override (IBudgetLedger Budgets, ICallRecordStore Records, ISemanticCacheStore Semantic, IDisposable Owner) Open()
    {
        var store = new PostgreSqlStore(_temporary.Options);
        return (store.Budgets, store.Records, store.SemanticCache, store);
    }
}
