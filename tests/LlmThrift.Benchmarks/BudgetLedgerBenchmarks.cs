using BenchmarkDotNet.Attributes;
using LlmThrift.Budgets;

namespace LlmThrift.Benchmarks;

/// <summary>What it takes to reserve and settle one call under three budgets, among 10,000 accounts.</summary>
[MemoryDiagnoser]
public class BudgetLedgerBenchmarks
{
    private const int Accounts = 10_000;

    private readonly InMemoryBudgetLedger _ledger = new();
    private readonly string[] _groups = [.. Enumerable.Range(0, Accounts).Select(index => $"tenant={index}")];
    private DateTimeOffset _today;
    private int _next;

    [GlobalSetup]
    public async Task SetUp()
    {
        _today = new DateTimeOffset(DateTime.UtcNow.Date, TimeSpan.Zero);
        for (var index = 0; index < Accounts; index++)
        {
            await OneBudget();
        }
    }

    [Benchmark(Baseline = true)]
    public async ValueTask OneBudget()
    {
        var group = _groups[_next++ % Accounts];
        var id = Guid.CreateVersion7();
        await _ledger.ReserveAsync(
            new BudgetReservation
            {
                Id = id,
                Claims = new[] { Claim("day", group) },
                Lease = TimeSpan.FromMinutes(2),
            },
            default
        );
        await _ledger.SettleAsync(id, new[] { new BudgetPosting("day", group, _today, 0.001m) }, default);
    }

    [Benchmark]
    public async ValueTask ThreeBudgets()
    {
        var group = _groups[_next++ % Accounts];
        var id = Guid.CreateVersion7();
        await _ledger.ReserveAsync(
            new BudgetReservation
            {
                Id = id,
                Claims = new[] { Claim("all", ""), Claim("day", group), Claim("month", group) },
                Lease = TimeSpan.FromMinutes(2),
            },
            default
        );
        await _ledger.SettleAsync(
            id,
            new[]
            {
                new BudgetPosting("all", "", _today, 0.001m),
                new BudgetPosting("day", group, _today, 0.001m),
                new BudgetPosting("month", group, _today, 0.001m),
            },
            default
        );
    }

    private BudgetClaim Claim(string budget, string group) => new(budget, group, _today, _today, 1_000_000_000m, 0.002m);
}
