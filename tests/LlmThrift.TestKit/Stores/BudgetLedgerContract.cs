using LlmThrift.Budgets;
using Xunit;

namespace LlmThrift.TestKit.Stores;

/// <summary>What holds for every ledger. Derive, and say which ledger and how its time passes.</summary>
public abstract class BudgetLedgerContract
{
    private static readonly DateTimeOffset Today = new(2026, 9, 1, 0, 0, 0, TimeSpan.Zero);

    /// <summary>Tests share a ledger, not a budget.</summary>
    private readonly string _budget = "b-" + Guid.CreateVersion7();

    protected abstract IBudgetLedger Ledger { get; }

    /// <summary>A lease that <see cref="PassAsync"/> can wait for.</summary>
    protected virtual TimeSpan Lease => TimeSpan.FromMinutes(10);

    /// <summary>Lets time pass by the ledger's clock.</summary>
    protected abstract Task PassAsync(TimeSpan time);

    [StoreFact]
    public async Task Reserve_up_to_the_limit_is_granted_and_not_a_trifle_more()
    {
        Assert.True((await ReserveAsync(0.6m)).IsGranted);
        Assert.True((await ReserveAsync(0.4m)).IsGranted);
        Assert.False((await ReserveAsync(0.000000001m)).IsGranted);
        Assert.True((await ReserveAsync(0m)).IsGranted);
        Assert.Equal(new BudgetBalance(0, 1m), await BalanceAsync());
    }

    [StoreFact]
    public async Task Reserve_tells_how_the_accounts_stood_before_granted_or_not()
    {
        var id = await GrantedAsync(0.3m);
        await Ledger.SettleAsync(id, [Posting(0.25m)], default);
        await GrantedAsync(0.5m);

        var granted = await ReserveAsync(0.1m);
        var refused = await ReserveAsync(0.9m);

        Assert.True(granted.IsGranted);
        Assert.Equal([new BudgetBalance(0.25m, 0.5m)], granted.Balances);
        Assert.False(refused.IsGranted);
        Assert.Equal([new BudgetBalance(0.25m, 0.6m)], refused.Balances);
    }

    [StoreFact]
    public async Task Reserve_takes_all_claims_or_none()
    {
        await GrantedAsync(0.9m, "tenant=a");

        var result = await Ledger.ReserveAsync(New([Claim(0.2m, "tenant=b"), Claim(0.2m, "tenant=a"), Claim(0.2m, "tenant=c")]), default);

        Assert.False(result.IsGranted);
        Assert.Equal([new BudgetBalance(0, 0), new BudgetBalance(0, 0.9m), new BudgetBalance(0, 0)], result.Balances);
        Assert.Equal(["tenant=a"], (await AccountsAsync()).Select(account => account.Group));
    }

    [StoreFact]
    public async Task Reserve_without_a_limit_is_always_granted()
    {
        Assert.True((await ReserveAsync(1e15m, limit: decimal.MaxValue)).IsGranted);
        Assert.True((await ReserveAsync(1e15m, limit: decimal.MaxValue)).IsGranted);
        Assert.Equal(2e15m, (await BalanceAsync()).Reserved);
    }

    [StoreFact]
    public async Task Reserve_with_an_id_that_is_known_takes_nothing_and_answers_as_the_first_time()
    {
        await GrantedAsync(0.1m);
        var reservation = New([Claim(0.5m)]);

        var first = await Ledger.ReserveAsync(reservation, default);
        var second = await Ledger.ReserveAsync(reservation, default);

        Assert.True(first.IsGranted);
        Assert.True(second.IsGranted);
        Assert.Equal(first.Balances, second.Balances);
        Assert.Equal(0.6m, (await BalanceAsync()).Reserved);
        await Ledger.SettleAsync(reservation.Id, [Posting(0.2m)], default);
        Assert.Equal(first.Balances, (await Ledger.ReserveAsync(reservation, default)).Balances);
        Assert.Equal(new BudgetBalance(0.2m, 0.1m), await BalanceAsync());
    }

    [StoreFact]
    public async Task Reserve_of_no_claims_is_granted()
    {
        var reservation = New([]);
        Assert.True((await Ledger.ReserveAsync(reservation, default)).IsGranted);
        Assert.True((await Ledger.ReserveAsync(reservation, default)).IsGranted);
        await Ledger.SettleAsync(reservation.Id, [], default);
    }

    [StoreFact]
    public async Task Settle_gives_back_what_is_held_and_writes_down_what_was_spent()
    {
        var id = await GrantedAsync(0.8m);

        await Ledger.SettleAsync(id, [Posting(0.3m)], default);

        Assert.Equal(new BudgetBalance(0.3m, 0), await BalanceAsync());
        Assert.True((await ReserveAsync(0.7m)).IsGranted);
    }

    [StoreFact]
    public async Task Settle_a_second_time_does_nothing()
    {
        var id = await GrantedAsync(0.8m);

        await Ledger.SettleAsync(id, [Posting(0.3m)], default);
        await Ledger.SettleAsync(id, [Posting(0.4m)], default);

        Assert.Equal(new BudgetBalance(0.3m, 0), await BalanceAsync());
    }

    [StoreFact]
    public async Task Settle_for_more_than_was_held_is_written_down_beyond_the_limit()
    {
        var id = await GrantedAsync(0.1m);

        await Ledger.SettleAsync(id, [Posting(7m)], default);

        Assert.Equal(new BudgetBalance(7m, 0), await BalanceAsync());
        Assert.False((await ReserveAsync(0.01m)).IsGranted);
    }

    [StoreFact]
    public async Task Settle_into_another_slice_and_another_account_is_written_down_there()
    {
        var id = await GrantedAsync(0.4m);

        await Ledger.SettleAsync(id, [Posting(0.1m, slice: Today.AddHours(1)), Posting(0.2m, "tenant=b"), Posting(0.05m)], default);

        var accounts = await AccountsAsync();
        Assert.Equal([new BudgetAccount("tenant=b", new(0.2m, 0)), new BudgetAccount("tenant=a", new(0.15m, 0))], accounts);
        Assert.Equal(new BudgetBalance(0.1m, 0), await BalanceAsync(windowStart: Today.AddHours(1)));
    }

    [StoreFact]
    public async Task Settle_of_what_nobody_reserved_is_written_down_once_and_cannot_be_reserved_later()
    {
        var reservation = New([Claim(0.2m)]);

        await Ledger.SettleAsync(reservation.Id, [Posting(0.3m)], default);
        await Ledger.SettleAsync(reservation.Id, [Posting(0.3m)], default);
        await Ledger.ReserveAsync(reservation, default);

        Assert.Equal(new BudgetBalance(0.3m, 0), await BalanceAsync());
    }

    [StoreFact]
    public async Task Slices_before_the_window_do_not_count()
    {
        var id = Guid.CreateVersion7();
        await Ledger.SettleAsync(id, [Posting(0.9m, slice: Today.AddDays(-1)), Posting(0.2m)], default);

        var inWindow = await Ledger.ReserveAsync(New([Claim(0.5m, windowStart: Today.AddDays(-1))]), default);
        var after = await Ledger.ReserveAsync(New([Claim(0.5m)]), default);

        Assert.False(inWindow.IsGranted);
        Assert.Equal([new BudgetBalance(1.1m, 0)], inWindow.Balances);
        Assert.True(after.IsGranted);
    }

    [StoreFact]
    public async Task Lease_that_has_run_out_holds_nothing_and_its_late_settlement_is_written_down_once()
    {
        var id = await GrantedAsync(1m);
        Assert.False((await ReserveAsync(0.5m)).IsGranted);

        await PassAsync(Lease + TimeSpan.FromMilliseconds(50));

        Assert.Empty(await AccountsAsync());
        var second = await ReserveAsync(0.5m);
        Assert.True(second.IsGranted);
        Assert.Equal([new BudgetBalance(0, 0)], second.Balances);
        await Ledger.SettleAsync(id, [Posting(0.7m)], default);
        await Ledger.SettleAsync(id, [Posting(0.7m)], default);
        Assert.Equal(new BudgetBalance(0.7m, 0.5m), await BalanceAsync());
    }

    [StoreFact]
    public async Task Lease_that_has_run_out_and_that_nobody_looked_at_is_given_back_once_by_its_settlement()
    {
        var id = await GrantedAsync(1m);

        await PassAsync(Lease + TimeSpan.FromMilliseconds(50));
        await Ledger.SettleAsync(id, [Posting(0.7m)], default);

        Assert.Equal(new BudgetBalance(0.7m, 0), await BalanceAsync());
        Assert.True((await ReserveAsync(0.3m)).IsGranted);
        Assert.Equal(new BudgetBalance(0.7m, 0.3m), await BalanceAsync());
    }

    [StoreFact]
    public async Task Lease_that_has_run_out_on_one_of_several_accounts_is_free_on_each()
    {
        await Ledger.ReserveAsync(New([Claim(1m, "tenant=a"), Claim(1m, "tenant=b")]), default);

        await PassAsync(Lease + TimeSpan.FromMilliseconds(50));

        Assert.True((await ReserveAsync(1m)).IsGranted);
        Assert.True((await Ledger.ReserveAsync(New([Claim(1m, "tenant=b")]), default)).IsGranted);
        Assert.Equal(2, (await AccountsAsync()).Count);
    }

    [StoreFact]
    public async Task Renew_lets_a_reservation_live_on_and_passes_over_what_is_settled_run_out_or_not_known()
    {
        var settled = await GrantedAsync(0.1m);
        await Ledger.SettleAsync(settled, [], default);
        var runOut = await GrantedAsync(0.2m, lease: Lease / 4);
        var renewed = await GrantedAsync(0.4m);
        await PassAsync(Lease / 2);

        await Ledger.RenewAsync([settled, runOut, renewed, Guid.CreateVersion7()], Lease * 4, default);
        await Ledger.RenewAsync([], Lease, default);
        await PassAsync(Lease);

        Assert.Equal(new BudgetBalance(0, 0.4m), await BalanceAsync());
        await PassAsync(Lease * 4);
        Assert.Empty(await AccountsAsync());
    }

    [StoreFact]
    public async Task Accounts_come_by_what_they_have_spent_and_hold_those_without_anything_left_out()
    {
        await Ledger.SettleAsync(Guid.CreateVersion7(), [Posting(1m, "c"), Posting(3m, "a"), Posting(0.5m, "b")], default);
        await GrantedAsync(5m, "b", limit: 100);
        var nothing = await GrantedAsync(9m, "d", limit: 100);
        await Ledger.SettleAsync(nothing, [], default);

        var two = await Ledger.GetAccountsAsync(_budget, Today, 2, default);

        Assert.Equal([new BudgetAccount("b", new(0.5m, 5m)), new BudgetAccount("a", new(3m, 0))], two);
        Assert.Equal(3, (await AccountsAsync()).Count);
        Assert.Empty(await Ledger.GetAccountsAsync(_budget, Today.AddDays(1), 10, default));
        Assert.Empty(await Ledger.GetAccountsAsync(_budget + "x", Today, 10, default));
    }

    [StoreFact]
    public async Task Budgets_and_groups_keep_apart_whatever_their_names()
    {
        string[] names = ["", "a", "A", "a'b", "ä", "a%", "日本", new string('x', 300)];
        for (var index = 0; index < names.Length; index++)
        {
            await Ledger.SettleAsync(Guid.CreateVersion7(), [Posting(index + 1, names[index])], default);
        }

        var accounts = await AccountsAsync();

        Assert.Equal(names.Reverse(), accounts.Select(account => account.Group));
        Assert.Equal(
            Enumerable.Range(1, names.Length).Reverse().Select(n => (decimal)n),
            accounts.Select(account => account.Balance.Spent)
        );
    }

    [StoreFact]
    public async Task Amounts_are_exact_to_nine_decimals_and_never_rounded_down()
    {
        for (var index = 0; index < 10; index++)
        {
            await Ledger.SettleAsync(Guid.CreateVersion7(), [Posting(0.100000001m)], default);
        }

        Assert.Equal(1.00000001m, (await BalanceAsync()).Spent);
        await Ledger.SettleAsync(Guid.CreateVersion7(), [Posting(0.00000000012345m, "small")], default);
        var small = (await AccountsAsync()).Single(account => account.Group == "small").Balance.Spent;
        Assert.InRange(small, 0.00000000012345m, 0.000000001m);
    }

    [StoreFact]
    public async Task Amounts_of_tokens_beyond_what_billionths_would_hold_are_added_up()
    {
        await Ledger.SettleAsync(Guid.CreateVersion7(), [Posting(90_000_000_000m)], default);
        var id = await GrantedAsync(10_000_000_000m, limit: 100_000_000_000m);
        Assert.False((await ReserveAsync(1m, limit: 100_000_000_000m)).IsGranted);
        await Ledger.SettleAsync(id, [Posting(5m)], default);
        Assert.Equal(new BudgetBalance(90_000_000_005m, 0), await BalanceAsync());
    }

    [StoreFact]
    public async Task Operation_cancelled_before_it_begins_does_nothing()
    {
        var cancelled = new CancellationToken(canceled: true);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await Ledger.ReserveAsync(New([Claim(0.1m)]), cancelled));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () =>
            await Ledger.SettleAsync(Guid.CreateVersion7(), [Posting(0.1m)], cancelled)
        );
        Assert.Empty(await AccountsAsync());
    }

    [StoreFact]
    public async Task Many_callers_at_once_are_granted_exactly_what_the_limit_allows()
    {
        const int Callers = 2_000;
        const int Granted = 500;
        var tasks = Enumerable
            .Range(0, Callers)
            .Select(caller =>
                Task.Run(async () =>
                {
                    // Two accounts, in either order: whoever locks must do it in one.
                    BudgetClaim[] claims = [Claim(0.001m, "all", limit: 0.5m), Claim(0.001m, $"tenant={caller % 7}", limit: 100)];
                    if (caller % 2 == 0)
                    {
                        Array.Reverse(claims);
                    }

                    var reservation = New(claims, TimeSpan.FromMinutes(10));
                    var result = await Ledger.ReserveAsync(reservation, default);
                    return result.IsGranted ? reservation : null;
                })
            );

        var granted = (await Task.WhenAll(tasks)).OfType<BudgetReservation>().ToList();

        Assert.Equal(Granted, granted.Count);
        Assert.Equal(0.5m, (await AccountsAsync()).Single(account => account.Group == "all").Balance.Reserved);
        await Task.WhenAll(
            granted.Select(reservation =>
                Task.Run(async () =>
                    await Ledger.SettleAsync(
                        reservation.Id,
                        [.. reservation.Claims.Select(claim => Posting(0.0005m, claim.Group))],
                        default
                    )
                )
            )
        );
        var accounts = await AccountsAsync();
        Assert.Equal(new BudgetBalance(0.25m, 0), accounts[0].Balance);
        Assert.Equal(0.25m, accounts.Skip(1).Sum(account => account.Balance.Spent));
        Assert.All(accounts, account => Assert.Equal(0, account.Balance.Reserved));
    }

    private BudgetClaim Claim(decimal amount, string group = "tenant=a", decimal limit = 1m, DateTimeOffset? windowStart = null) =>
        new(_budget, group, Today, windowStart ?? Today, limit, amount);

    private BudgetPosting Posting(decimal amount, string group = "tenant=a", DateTimeOffset? slice = null) =>
        new(_budget, group, slice ?? Today, amount);

    private BudgetReservation New(IReadOnlyList<BudgetClaim> claims, TimeSpan? lease = null) =>
        new()
        {
            Id = Guid.CreateVersion7(),
            Claims = claims,
            Lease = lease ?? Lease,
        };

    private ValueTask<BudgetReservationResult> ReserveAsync(decimal amount, decimal limit = 1m) =>
        Ledger.ReserveAsync(New([Claim(amount, limit: limit)]), default);

    private async Task<Guid> GrantedAsync(decimal amount, string group = "tenant=a", decimal limit = 1m, TimeSpan? lease = null)
    {
        var reservation = New([Claim(amount, group, limit)], lease);
        Assert.True((await Ledger.ReserveAsync(reservation, default)).IsGranted);
        return reservation.Id;
    }

    private ValueTask<IReadOnlyList<BudgetAccount>> AccountsAsync() => Ledger.GetAccountsAsync(_budget, Today, 1000, default);

    private async Task<BudgetBalance> BalanceAsync(DateTimeOffset? windowStart = null) =>
        (await Ledger.GetAccountsAsync(_budget, windowStart ?? Today, 1000, default))
            .Single(account => account.Group == "tenant=a")
            .Balance;
}
