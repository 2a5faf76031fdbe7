using LlmThrift.Budgets;
using LlmThrift.TestKit.Stores;

namespace LlmThrift.Sqlite.Tests;

public sealed class SqliteBudgetLedgerTests : BudgetLedgerContract, IDisposable
{
    private readonly TemporaryStore _temporary = new();

    protected override IBudgetLedger Ledger => _temporary.Store.Budgets;

    protected override Task PassAsync(TimeSpan time)
    {
        _temporary.Clock.Advance(time);
        return Task.CompletedTask;
    }

    public void Dispose() => _temporary.Dispose();
}
