using LlmThrift.Budgets;
using LlmThrift.PostgreSql.Tests.Server;
using LlmThrift.TestKit.Stores;
using Xunit;

namespace LlmThrift.PostgreSql.Tests;

[RequiresServer]
[Collection(ServerGroup.Name)]
public sealed class PostgreSqlBudgetLedgerTests(SharedServer shared) : BudgetLedgerContract, IDisposable
{
    private readonly TemporaryStore _temporary = new(shared.Server);

    protected override IBudgetLedger Ledger => _temporary.Store.Budgets;

    /// <summary>Leases go by the server's clock, which nobody can move.</summary>
    protected override TimeSpan Lease => TimeSpan.FromSeconds(1);

    protected override Task PassAsync(TimeSpan time) => Task.Delay(time);

    [StoreFact]
    public async Task Maintenance_frees_what_has_run_out_and_forgets_what_ended_a_day_ago()
    {
        var slice = new DateTimeOffset(2026, 9, 1, 0, 0, 0, TimeSpan.Zero);
        for (var index = 0; index < 20; index++)
        {
            var reservation = new BudgetReservation
            {
                Id = Guid.CreateVersion7(),
                Claims = [new BudgetClaim("b", $"g{index % 3}", slice, slice, 100, 1), new BudgetClaim("b", "all", slice, slice, 100, 1)],
                Lease = TimeSpan.FromMilliseconds(1),
            };
            await Ledger.ReserveAsync(reservation, default);
        }

        await Ledger.SettleAsync(Guid.CreateVersion7(), [new BudgetPosting("b", "all", slice, 2)], default);
        await Task.Delay(20);
        await _temporary.Store.MaintainAsync();
        Assert.Equal(0L, await _temporary.ScalarAsync("SELECT count(*) FROM {s}.budget_hold"));
        Assert.Equal(0m, await _temporary.ScalarAsync("SELECT sum(reserved) FROM {s}.budget_slice"));
        Assert.Equal(21L, await _temporary.ScalarAsync("SELECT count(*) FROM {s}.budget_reservation"));

        await _temporary.ScalarAsync("UPDATE {s}.budget_reservation SET due = due - interval '25 hours'");
        await _temporary.Store.MaintainAsync();

        Assert.Equal(0L, await _temporary.ScalarAsync("SELECT count(*) FROM {s}.budget_reservation"));
        Assert.Equal(2m, await _temporary.ScalarAsync("SELECT sum(spent) FROM {s}.budget_slice"));
        _temporary.Clock.Advance(TimeSpan.FromDays(410));
        await _temporary.Store.MaintainAsync();
        Assert.Equal(0L, await _temporary.ScalarAsync("SELECT count(*) FROM {s}.budget_slice"));
    }

    public void Dispose() => _temporary.Dispose();
}
