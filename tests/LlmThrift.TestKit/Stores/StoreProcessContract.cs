using System.Globalization;
using LlmThrift.Budgets;
using LlmThrift.Metering;
using LlmThrift.SemanticCache;
using Xunit;

namespace LlmThrift.TestKit.Stores;

/// <summary>What holds for every store that several processes share, also when they are killed. Derive, and say where the store is.</summary>
/// <remarks>LLMTHRIFT_KILLS says how many processes are killed; 10 without it.</remarks>
public abstract class StoreProcessContract
{
    private const int Processes = 4;
    private const int Callers = 10_000;
    private const int Limit = 1_000;

    private static readonly DateTimeOffset Slice = new(2026, 9, 1, 0, 0, 0, TimeSpan.Zero);
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);

    /// <summary>Arguments that name the store to LlmThrift.StoreChild.</summary>
    protected abstract IReadOnlyList<string> Target { get; }

    /// <summary>The store, opened anew.</summary>
    protected abstract (IBudgetLedger Budgets, ICallRecordStore Records, ISemanticCacheStore Semantic, IDisposable Owner) Open();

    private static int Kills =>
        int.TryParse(Environment.GetEnvironmentVariable("LLMTHRIFT_KILLS"), CultureInfo.InvariantCulture, out var kills) ? kills : 10;

    [StoreFact]
    public async Task Ten_thousand_reservations_from_one_process_against_a_limit_of_a_thousand()
    {
        var (budgets, _, _, owner) = Open();
        using (owner)
        {
            var ids = await Task.WhenAll(
                Enumerable
                    .Range(0, Callers)
                    .Select(_ =>
                        Task.Run(async () =>
                        {
                            var reservation = new BudgetReservation
                            {
                                Id = Guid.CreateVersion7(),
                                Claims = [new BudgetClaim("shared", "", Slice, Slice, Limit, 1)],
                                Lease = TimeSpan.FromMinutes(10),
                            };
                            return (await budgets.ReserveAsync(reservation, default)).IsGranted ? reservation.Id : Guid.Empty;
                        })
                    )
            );
            var granted = ids.Where(id => id != Guid.Empty).ToList();

            Assert.Equal(Limit, granted.Count);
            await Task.WhenAll(
                granted.Select(id => Task.Run(async () => await budgets.SettleAsync(id, [new("shared", "", Slice, 1)], default)))
            );
            var account = Assert.Single(await budgets.GetAccountsAsync("shared", Slice, 10, default));
            Assert.Equal(new BudgetBalance(Limit, 0), account.Balance);
        }
    }

    [StoreFact]
    public async Task Ten_thousand_reservations_from_four_processes_against_a_limit_of_a_thousand()
    {
        var children = Enumerable
            .Range(0, Processes)
            .Select(_ => new StoreProcess([
                "reserve",
                .. Target,
                (Callers / Processes).ToString(CultureInfo.InvariantCulture),
                Limit.ToString(CultureInfo.InvariantCulture),
            ]))
            .ToList();
        foreach (var child in children)
        {
            Assert.True(await child.WaitForLineAsync(Patience), "The process has said nothing.");
        }

        children.ForEach(child => child.Say("go"));
        var granted = 0;
        foreach (var child in children)
        {
            granted += await child.EndWithNumberAsync(Patience);
            child.Dispose();
        }

        Assert.Equal(Limit, granted);
        var (budgets, _, _, owner) = Open();
        using (owner)
        {
            var account = Assert.Single(await budgets.GetAccountsAsync("shared", Slice, 10, default));
            Assert.Equal(new BudgetBalance(0, Limit), account.Balance);
        }
    }

    [StoreFact]
    public async Task Process_killed_while_it_writes_loses_nothing_that_it_was_promised()
    {
        var random = new Random(17);
        var (settled, recorded) = (0L, 0L);
        for (var kill = 0; kill < Kills; kill++)
        {
            using var child = new StoreProcess(["write", .. Target]);

            // While it starts, or while it writes.
            if (kill % 4 == 0)
            {
                await Task.Delay(random.Next(600));
            }
            else
            {
                Assert.True(await child.WaitForLineAsync(Patience), "The process has said nothing.");
                await Task.Delay(random.Next(250));
            }

            child.Kill();
            foreach (var line in await child.EndAsync(Patience))
            {
                settled += line.StartsWith("settled ", StringComparison.Ordinal) ? 1 : 0;
                recorded += line.StartsWith("records ", StringComparison.Ordinal)
                    ? int.Parse(line.AsSpan(8), CultureInfo.InvariantCulture)
                    : 0;
            }

            var (budgets, records, semantic, owner) = Open();
            using (owner)
            {
                // One operation of each of its four workers may have been done without a word.
                var unheard = 4L * (kill + 1);
                var accounts = (await budgets.GetAccountsAsync("spent", Slice, 10, default)).ToDictionary(
                    a => a.Group,
                    a => a.Balance.Spent
                );
                var spent = accounts.GetValueOrDefault("all");
                Assert.InRange(spent, settled, settled + unheard);
                Assert.Equal(spent, accounts.Where(account => account.Key != "all").Sum(account => account.Value));
                var now = TimeProvider.System.GetUtcNow();
                var total = (await records.QueryAsync(new() { From = now.AddDays(-1), To = now.AddDays(1) }, default)).Total;
                Assert.InRange(total.Calls, recorded, recorded + (20 * unheard));
                Assert.Equal(total.Calls * 0.001m, total.ActualCost);
                if (kill % 10 == 0)
                {
                    Assert.Equal(total.Calls, await CountAsync(records, now));
                    await AssertWholeAsync(semantic, now);
                }
            }
        }

        // The leases of the last ones are two seconds.
        await Task.Delay(TimeSpan.FromSeconds(2.2));
        var last = Open();
        using (last.Owner)
        {
            Assert.All(
                await last.Budgets.GetAccountsAsync("spent", Slice, 10, default),
                account => Assert.Equal(0, account.Balance.Reserved)
            );
        }
    }

    private static async Task<long> CountAsync(ICallRecordStore records, DateTimeOffset now)
    {
        var count = 0L;
        await foreach (var _ in records.ReadAsync(new() { From = now.AddDays(-1), To = now.AddDays(1) }, default))
        {
            count++;
        }

        return count;
    }

    /// <summary>Every entry has its answer.</summary>
    private static async Task AssertWholeAsync(ISemanticCacheStore semantic, DateTimeOffset now)
    {
        var answers = new HashSet<string>();
        await foreach (var answer in semantic.LoadAnswersAsync(now, default))
        {
            answers.Add(answer.Id);
        }

        await foreach (var entry in semantic.LoadEntriesAsync("m", now, default))
        {
            Assert.Contains(entry.AnswerId, answers);
        }
    }
}
