using LlmThrift.Budgets;
using LlmThrift.Metering;
using LlmThrift.SemanticCache;
using LlmThrift.TestKit.Stores;

namespace LlmThrift.Sqlite.Tests;

public sealed class SqliteProcessTests : StoreProcessContract, IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("llmthrift-sqlite-").FullName;

    protected override IReadOnlyList<string> Target => ["sqlite", File];

    private string File => Path.Combine(_folder, "store.db");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    protected override (IBudgetLedger Budgets, ICallRecordStore Records, ISemanticCacheStore Semantic, IDisposable Owner) Open()
    {
        var store = new SqliteStore(File);
        return (store.Budgets, store.Records, store.SemanticCache, store);
    }
}
