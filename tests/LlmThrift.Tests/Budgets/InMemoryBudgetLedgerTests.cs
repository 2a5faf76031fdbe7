using LlmThrift.Budgets;
using LlmThrift.TestKit;
using LlmThrift.TestKit.Stores;

namespace LlmThrift.Tests.Budgets;

public sealed class InMemoryBudgetLedgerTests : BudgetLedgerContract
{
    private readonly ManualClock _clock = new();

    public InMemoryBudgetLedgerTests() => Ledger = new InMemoryBudgetLedger(_clock);

    protected override IBudgetLedger Ledger { get; }

    protected override Task PassAsync(TimeSpan time)
    {
        _clock.Advance(time);
        return Task.CompletedTask;
    }
}
