using LlmThrift.Budgets;
using LlmThrift.Pricing;
using LlmThrift.TestKit;
using Microsoft.Extensions.AI;
using Xunit;

namespace LlmThrift.Tests.Budgets;

public sealed class LedgerFailureTests
{
    private static readonly PriceBook Prices = PriceBook.Empty.With("gpt-4o", new ModelPrice { Input = 10m, Output = 40m });

    private readonly ManualTimeProvider _clock = new();
    private readonly BrokenLedger _ledger = new();

    [Fact]
    public async Task Fail_open_lets_calls_through_and_writes_down_later_what_they_cost()
    {
        using var provider = new ScriptedChatClient();
        using var client = Client(provider, LedgerFailureHandling.Allow);
        _ledger.IsDown = true;

        await client.GetResponseAsync("Hello");
        var manager = client.GetService<BudgetManager>()!;
        Assert.Equal(1, manager.PendingSettlements);
        _ledger.IsDown = false;
        await ComeBackAsync(manager);

        Assert.Equal((100 * 10m + 20 * 40m) / 1_000_000m, Assert.Single(await manager.GetStatusAsync()).Spent);
    }

    [Fact]
    public async Task Fail_closed_refuses_calls_before_they_are_made()
    {
        using var provider = new ScriptedChatClient();
        using var client = Client(provider, LedgerFailureHandling.Refuse);
        _ledger.IsDown = true;

        var exception = await Assert.ThrowsAsync<BudgetLedgerUnavailableException>(() => client.GetResponseAsync("Hello"));

        Assert.Equal(0, provider.Calls);
        Assert.IsType<IOException>(exception.InnerException);
    }

    [Fact]
    public async Task Ledger_that_has_just_failed_is_left_alone_for_a_while()
    {
        using var provider = new ScriptedChatClient();
        using var client = Client(provider, LedgerFailureHandling.Refuse);
        _ledger.IsDown = true;
        for (var call = 0; call < 10; call++)
        {
            await Assert.ThrowsAsync<BudgetLedgerUnavailableException>(() => client.GetResponseAsync("Hello"));
        }

        Assert.Equal(1, _ledger.Asked);
        _ledger.IsDown = false;
        _clock.Advance(TimeSpan.FromSeconds(2));
        await client.GetResponseAsync("Hello");

        Assert.Equal(1, provider.Calls);
    }

    [Fact]
    public async Task Ledger_that_does_not_answer_does_not_hold_up_a_call()
    {
        using var provider = new ScriptedChatClient();
        using var client = Client(provider, LedgerFailureHandling.Allow);
        _ledger.Gate = new TaskCompletionSource();

        var asking = client.GetResponseAsync("Hello");
        Assert.False(asking.IsCompleted);
        _clock.Advance(TimeSpan.FromSeconds(1));
        await asking;

        Assert.Equal(1, provider.Calls);
        _ledger.Gate.SetResult();
        _ledger.Gate = null;
        var manager = client.GetService<BudgetManager>()!;
        await ComeBackAsync(manager);
        var status = Assert.Single(await manager.GetStatusAsync());
        Assert.Equal(((100 * 10m + 20 * 40m) / 1_000_000m, 0m), (status.Spent, status.Reserved));
    }

    [Fact]
    public async Task Cancellation_by_the_caller_is_no_failure_of_the_ledger()
    {
        using var provider = new ScriptedChatClient();
        using var client = Client(provider, LedgerFailureHandling.Refuse);
        using var cancellation = new CancellationTokenSource();
        _ledger.Gate = new TaskCompletionSource();

        var asking = client.GetResponseAsync("Hello", cancellationToken: cancellation.Token);
        await cancellation.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => asking);
        _ledger.Gate.SetResult();
        _ledger.Gate = null;
        await client.GetResponseAsync("Hello");
        Assert.Equal(1, provider.Calls);
    }

    [Fact]
    public async Task Reservation_is_renewed_while_its_call_goes_on()
    {
        var gate = new TaskCompletionSource();
        using var provider = new ScriptedChatClient(new ScriptedAnswer { Gate = gate.Task });
        using var client = Client(provider, LedgerFailureHandling.Refuse);

        var asking = client.GetResponseAsync("Hello");
        _clock.Advance(TimeSpan.FromMinutes(2));
        Assert.True(_ledger.Renewals >= 2, "It lives for two minutes, and is renewed every third of that.");
        gate.SetResult();
        await asking;
        var renewals = _ledger.Renewals;
        _clock.Advance(TimeSpan.FromMinutes(10));

        Assert.Equal(renewals, _ledger.Renewals);
    }

    [Fact]
    public async Task Call_of_another_model_than_the_budgets_does_not_ask_the_ledger_and_leaves_nothing_to_renew()
    {
        using var provider = new ScriptedChatClient();
        using var client = Client(
            provider,
            LedgerFailureHandling.Refuse,
            new Budget("other", 1m, BudgetWindow.Day) { Model = "gpt-4o-mini" }
        );

        await client.GetResponseAsync("Hello");
        _clock.Advance(TimeSpan.FromMinutes(10));

        Assert.Equal((0, 0), (_ledger.Asked, _ledger.Renewals));
    }

    [Fact]
    public void Ledger_outside_of_the_process_needs_a_choice_between_open_and_closed()
    {
        using var provider = new ScriptedChatClient();

        var exception = Assert.Throws<ArgumentException>(() =>
            provider.WithCostControls(o =>
            {
                o.Budgets.Add("day", 1m, BudgetWindow.Day);
                o.Budgets.Ledger = _ledger;
            })
        );

        Assert.Contains("Budgets.WhenLedgerFails is not set", exception.Message, StringComparison.Ordinal);
    }

    /// <summary>The pauses between tries are by the clock, and begin on another thread.</summary>
    private async Task ComeBackAsync(BudgetManager manager)
    {
        var flush = manager.FlushAsync();
        while (!flush.IsCompleted)
        {
            _clock.Advance(TimeSpan.FromSeconds(1));
            await Task.WhenAny(flush, Task.Delay(5));
        }

        await flush;
    }

    private IChatClient Client(IChatClient provider, LedgerFailureHandling handling, Budget? budget = null) =>
        provider
            .AsBuilder()
            .UseCostMeter(o => o.Prices = Prices)
            .UseBudgets(o =>
            {
                o.Prices = Prices;
                o.Ledger = _ledger;
                o.WhenLedgerFails = handling;
                o.Limits.Add(budget ?? new Budget("day", 1m, BudgetWindow.Day));
            })
            .Build(new FewServices().With<TimeProvider>(_clock));

    private sealed class BrokenLedger : IBudgetLedger
    {
        private readonly InMemoryBudgetLedger _ledger = new();

        public bool IsDown { get; set; }

        public TaskCompletionSource? Gate { get; set; }

        public int Asked { get; private set; }

        public int Renewals { get; private set; }

        public async ValueTask<BudgetReservationResult> ReserveAsync(BudgetReservation reservation, CancellationToken cancellationToken)
        {
            Asked++;
            await WorkAsync();
            return await _ledger.ReserveAsync(reservation, CancellationToken.None);
        }

        public async ValueTask SettleAsync(Guid reservationId, IReadOnlyList<BudgetPosting> postings, CancellationToken cancellationToken)
        {
            await WorkAsync();
            await _ledger.SettleAsync(reservationId, postings, CancellationToken.None);
        }

        public async ValueTask RenewAsync(IReadOnlyCollection<Guid> reservationIds, TimeSpan lease, CancellationToken cancellationToken)
        {
            Renewals++;
            await WorkAsync();
            await _ledger.RenewAsync(reservationIds, lease, cancellationToken);
        }

        public ValueTask<IReadOnlyList<BudgetAccount>> GetAccountsAsync(
            string budget,
            DateTimeOffset windowStart,
            int maxAccounts,
            CancellationToken cancellationToken
        ) => _ledger.GetAccountsAsync(budget, windowStart, maxAccounts, cancellationToken);

        private async Task WorkAsync()
        {
            if (IsDown)
            {
                throw new IOException("The network is down.");
            }

            if (Gate is { } gate)
            {
                await gate.Task;
            }
        }
    }
}
