using LlmThrift.Budgets;
using LlmThrift.Metering;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Xunit;

namespace LlmThrift.TestKit.Stores;

/// <summary>
/// What an app with all cost controls on sees of a store that cannot be used for a while. Derive, once an outage, and say what it is. Clocks are real: the pauses between tries are
/// seconds.
/// </summary>
public abstract class StoreOutageContract : IDisposable
{
    private const string Question = "Is this text anywhere but in the store? Number ";
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    private readonly RecordingLoggerFactory _log = new();

    /// <summary>Part of what the log must say of it.</summary>
    protected abstract string Symptom { get; }

    /// <summary>Whether budgets cannot be written either.</summary>
    protected virtual bool StopsBudgets => true;

    protected abstract void AddStores(IServiceCollection services);

    protected abstract Task BreakAsync(IServiceProvider services);

    protected abstract Task MendAsync(IServiceProvider services);

    public void Dispose()
    {
        Dispose(true);
        GC.SuppressFinalize(this);
    }

    [StoreFact]
    public async Task Calls_go_on_and_nothing_is_missing_when_the_store_is_back()
    {
        using var provider = ScriptedChatClient.Echo();
        await using var services = Services(provider, LedgerFailureHandling.Allow);
        var client = services.GetRequiredService<IChatClient>();
        await AskAsync(client, 0, 10);
        await FlushAsync(services);

        await BreakAsync(services);
        await AskAsync(client, 10, 40);
        await Task.Delay(TimeSpan.FromSeconds(0.5));
        await MendAsync(services);
        await AskAsync(client, 40, 50);
        await FlushAsync(services);

        Assert.Equal(50, provider.Calls);
        var total = await TotalAsync(services);
        Assert.Equal(50, total.Calls);
        var status = Assert.Single(await client.GetService<BudgetManager>()!.GetStatusAsync());
        Assert.Equal(total.ActualCost, status.Spent);
        Assert.True(status.Spent > 0);
        Assert.Equal(0, services.GetRequiredService<CallRecordStoreSink>().GetStatistics().Dropped);
        var warnings = _log.Entries.Where(entry => entry.Level >= LogLevel.Warning).Select(entry => entry.Message).ToList();
        Assert.Contains(warnings, message => message.Contains(Symptom, StringComparison.Ordinal));
        Assert.DoesNotContain(_log.Entries, entry => entry.Message.Contains(Question, StringComparison.Ordinal));
    }

    [StoreFact]
    public async Task Calls_are_refused_where_the_app_has_chosen_so_and_let_through_again_without_a_restart()
    {
        using var provider = ScriptedChatClient.Echo();
        await using var services = Services(provider, LedgerFailureHandling.Refuse);
        var client = services.GetRequiredService<IChatClient>();
        await AskAsync(client, 0, 1);

        await BreakAsync(services);
        if (StopsBudgets)
        {
            await Assert.ThrowsAsync<BudgetLedgerUnavailableException>(() => AskAsync(client, 1, 2));
            Assert.Equal(1, provider.Calls);
        }

        await MendAsync(services);

        // A ledger that has just failed is left alone for two seconds.
        await UntilAsync(async () =>
        {
            try
            {
                await AskAsync(client, 2, 3);
                return true;
            }
            catch (BudgetLedgerUnavailableException)
            {
                return false;
            }
        });
        await FlushAsync(services);
        Assert.Equal(2, provider.Calls);
        Assert.Equal(
            (await TotalAsync(services)).ActualCost,
            Assert.Single(await client.GetService<BudgetManager>()!.GetStatusAsync()).Spent
        );
    }

    [StoreFact]
    public async Task Calls_under_way_end_and_are_written_down_when_the_store_is_back()
    {
        var gate = new TaskCompletionSource();
        using var provider = new ScriptedChatClient(new ScriptedAnswer { Gate = gate.Task });
        await using var services = Services(provider, LedgerFailureHandling.Refuse);
        var client = services.GetRequiredService<IChatClient>();
        var asking = Enumerable.Range(0, 10).Select(number => Task.Run(() => AskAsync(client, number, number + 1))).ToList();
        await UntilAsync(() => Task.FromResult(provider.Calls == 10));

        await BreakAsync(services);
        gate.SetResult();
        await Task.WhenAll(asking).WaitAsync(Patience);
        await MendAsync(services);
        await FlushAsync(services);

        var total = await TotalAsync(services);
        var status = Assert.Single(await client.GetService<BudgetManager>()!.GetStatusAsync());
        Assert.Equal((10, total.ActualCost, 0m), (total.Calls, status.Spent, status.Reserved));
    }

    protected virtual void Dispose(bool isDisposing) => _log.Dispose();

    private static async Task AskAsync(IChatClient client, int from, int to)
    {
        for (var number = from; number < to; number++)
        {
            var response = await client.GetResponseAsync($"{Question}{number}").WaitAsync(Patience);
            Assert.NotEmpty(response.Text);
        }
    }

    private static async Task FlushAsync(ServiceProvider services)
    {
        await services.GetRequiredService<IChatClient>().GetService<BudgetManager>()!.FlushAsync().WaitAsync(Patience);
        await services.GetRequiredService<CallRecordStoreSink>().FlushAsync().WaitAsync(Patience);
    }

    private static async Task<CostTotals> TotalAsync(ServiceProvider services)
    {
        var now = TimeProvider.System.GetUtcNow();
        return (
            await services.GetRequiredService<ICallRecordStore>().QueryAsync(new() { From = now.AddDays(-1), To = now.AddDays(1) }, default)
        ).Total;
    }

    private static async Task UntilAsync(Func<Task<bool>> condition)
    {
        var until = TimeProvider.System.GetUtcNow() + Patience;
        while (!await condition())
        {
            Assert.True(TimeProvider.System.GetUtcNow() < until, "It did not come to that.");
            await Task.Delay(20);
        }
    }

    private ServiceProvider Services(ScriptedChatClient provider, LedgerFailureHandling handling)
    {
        var services = new ServiceCollection();
        services.AddSingleton<ILoggerFactory>(_log);
        AddStores(services);
        services.AddCostHistory(options =>
        {
            options.Interval = TimeSpan.FromMilliseconds(20);
            options.MaxRetryDelay = TimeSpan.FromMilliseconds(500);
        });
        services.AddSingleton<IEmbeddingGenerator<string, Embedding<float>>>(new FakeEmbeddingGenerator());
        services
            .AddChatClient(_ => provider)
            .UseCostControls(options =>
            {
                options.UseSemanticCache = true;
                options.Budgets.Add("month", 1_000m, BudgetWindow.Month);
                options.Budgets.WhenLedgerFails = handling;
                options.Budgets.LedgerTimeout = TimeSpan.FromMilliseconds(500);
            });
        return services.BuildServiceProvider();
    }
}
