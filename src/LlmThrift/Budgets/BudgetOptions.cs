using LlmThrift.Internal;
using LlmThrift.Pricing;
using LlmThrift.Tokens;

namespace LlmThrift.Budgets;

/// <summary>Options of the budgets. They are on as soon as there is one: <c>o.Budgets.Add("tenant-day", 5m, BudgetWindow.Day, BudgetScope.Tenant)</c>.</summary>
public sealed class BudgetOptions
{
    /// <summary>The budgets. A call must fit into every one that it falls under.</summary>
    public IList<Budget> Limits { get; } = [];

    /// <summary>
    /// What to try, in this order, for a call that does not fit, before it is refused with a <see cref="BudgetExceededException"/>. Default: nothing. A shorter answer is tried
    /// first in any case; see <see cref="MinOutputTokens"/>.
    /// </summary>
    public IList<BudgetFallback> WhenExceeded { get; } = [];

    /// <summary>
    /// The shortest answer that is still useful, in tokens. Default: 256. Where what is left of a budget pays for a shorter answer than the call may have, but for this at least,
    /// the call's limit on output tokens is lowered to that. Set it to <see cref="int.MaxValue"/> to refuse such calls.
    /// </summary>
    public int MinOutputTokens { get; set; } = 256;

    /// <summary>
    /// The limit on output tokens that calls get that have none, under a budget that can refuse: without one, no reservation would be large enough. Default: 8,192.
    /// </summary>
    public int DefaultMaxOutputTokens { get; set; } = 8_192;

    /// <summary>By how much an input that can only be estimated is taken to be larger when it is reserved. Default: 0.1, a tenth.</summary>
    public double EstimateMargin { get; set; } = 0.1;

    /// <summary>What is answered in place of an exception under <see cref="BudgetFallback.CacheOnly"/>. Default: null, an exception after all.</summary>
    public string? CacheOnlyAnswer { get; set; }

    /// <summary>How long a call waits under <see cref="BudgetFallback.Queue"/>. Default: 30 seconds.</summary>
    public TimeSpan MaxQueueTime { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>How many calls may wait at once; further ones go on to the next fallback. Default: 100.</summary>
    public int MaxQueued { get; set; } = 100;

    /// <summary>What to do when a price is not known. Default: let the call through, and note it.</summary>
    public UnknownPriceHandling UnknownPrice { get; set; }

    /// <summary>The price for <see cref="UnknownPriceHandling.AssumePrice"/>. Default: null.</summary>
    public ModelPrice? AssumedPrice { get; set; }

    /// <summary>Where spending is kept. Default: the <see cref="IBudgetLedger"/> among the app's services, else memory, which ends with the process.</summary>
    public IBudgetLedger? Ledger { get; set; }

    /// <summary>What to do while the ledger cannot be reached. To be chosen where it lies outside of the process: there is no default for that.</summary>
    public LedgerFailureHandling? WhenLedgerFails { get; set; }

    /// <summary>How long the ledger may take before it counts as not reached. Default: 1 second.</summary>
    public TimeSpan LedgerTimeout { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>
    /// How long a reservation lives without being renewed, which happens while its call goes on. Default: 2 minutes. What a process held that crashed is free again after that time.
    /// </summary>
    public TimeSpan Lease { get; set; } = TimeSpan.FromMinutes(2);

    /// <summary>Called when an account reaches one of <see cref="Budget.WarnAt"/>, once each a window and process. Default: null; the log says it in any case.</summary>
    public Action<BudgetWarning>? OnWarning { get; set; }

    /// <summary>Prices. Default: those of the cost meter.</summary>
    public PriceBook? Prices { get; set; }

    /// <summary>Counts tokens. Default: that of the cost meter.</summary>
    public RequestTokenCounter? TokenCounter { get; set; }

    /// <summary>Adds a budget.</summary>
    /// <param name="name">Names it in exceptions, logs and stores.</param>
    /// <param name="limit">The most that may be spent in the window, in US dollars.</param>
    /// <param name="window">For how long.</param>
    /// <param name="per">By what it is split into accounts, each with the whole limit.</param>
    /// <returns>These options.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="name"/> or <paramref name="window"/> is null.</exception>
    public BudgetOptions Add(string name, decimal limit, BudgetWindow window, BudgetScope per = BudgetScope.All)
    {
        Limits.Add(new Budget(name, limit, window, per));
        return this;
    }

    internal void Validate(OptionsProblems problems)
    {
        for (var index = 0; index < Limits.Count; index++)
        {
            if (Limits[index] is { } budget)
            {
                budget.Validate(problems, $"Budgets.Limits[{index}]");
            }
            else
            {
                problems.Add($"Budgets.Limits[{index}] is null: remove it.");
            }
        }

        foreach (
            var name in Limits.OfType<Budget>().GroupBy(budget => budget.Name, StringComparer.Ordinal).Where(group => group.Count() > 1)
        )
        {
            problems.Add(
                $"Budgets.Limits has {name.Count()} budgets of the name \"{name.Key}\": their spending would be added up. Give each a name of its own."
            );
        }

        problems.AddIf(
            WhenExceeded.Any(fallback => !Enum.IsDefined(fallback)),
            "Budgets.WhenExceeded may hold CheaperTier, Queue and CacheOnly."
        );
        problems.AddIf(MinOutputTokens < 1, $"Budgets.MinOutputTokens is {MinOutputTokens}: it must be at least 1.");
        problems.AddIf(DefaultMaxOutputTokens < 1, $"Budgets.DefaultMaxOutputTokens is {DefaultMaxOutputTokens}: it must be at least 1.");
        problems.AddIf(
            EstimateMargin is not (>= 0 and <= 10),
            $"Budgets.EstimateMargin is {EstimateMargin}: it must be from 0 to 10, such as 0.1 for a tenth."
        );
        problems.AddIf(
            MaxQueueTime < TimeSpan.Zero || MaxQueueTime > TimeSpan.FromDays(1),
            $"Budgets.MaxQueueTime is {MaxQueueTime}: it must be from zero to a day."
        );
        problems.AddIf(
            MaxQueued < 1,
            $"Budgets.MaxQueued is {MaxQueued}: it must be at least 1; leave Queue out of Budgets.WhenExceeded for no queue."
        );
        problems.AddIf(
            UnknownPrice == UnknownPriceHandling.AssumePrice && AssumedPrice is null,
            "Budgets.UnknownPrice is AssumePrice, and Budgets.AssumedPrice is null: set it to the price to assume, such as new ModelPrice { Input = 5m, Output = 15m }."
        );
        problems.AddIf(
            LedgerTimeout <= TimeSpan.Zero || LedgerTimeout > TimeSpan.FromHours(1),
            $"Budgets.LedgerTimeout is {LedgerTimeout}: it must be above zero and at most an hour."
        );
        problems.AddIf(
            Lease < TimeSpan.FromSeconds(1) || Lease > TimeSpan.FromDays(1),
            $"Budgets.Lease is {Lease}: it must be from a second to a day, such as 00:02:00."
        );
    }
}
