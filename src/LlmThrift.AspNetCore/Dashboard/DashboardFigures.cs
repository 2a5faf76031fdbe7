using System.Globalization;
using System.Text.Json;
using LlmThrift.Budgets;
using LlmThrift.Metering;
using LlmThrift.OutputLimits;
using LlmThrift.Pricing;
using LlmThrift.SemanticCache;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace LlmThrift.AspNetCore.Dashboard;

/// <summary>Gathers what the page shows: from the store what spans time, from the pipelines what only these know.</summary>
internal sealed partial class DashboardFigures(
    ICallRecordStore store,
    CallRecordStoreSink? sink,
    TimeProvider clock,
    CostDashboardOptions options
)
{
    private const int MaxRows = 100;
    private const int MaxNames = 500;
    private const int MaxReasons = 12;
    private const int DearestCalls = 20;
    private const int MaxAccounts = 50;

    private static readonly TimeSpan PricesAreOldAfter = TimeSpan.FromDays(120);

    public async Task ServeAsync(HttpContext context)
    {
        if (DashboardRange.Parse(context.Request.Query, clock.GetUtcNow(), out var problem) is not { } query)
        {
            await RefuseAsync(context, StatusCodes.Status400BadRequest, problem!).ConfigureAwait(false);
            return;
        }

        DashboardSummary summary;
        try
        {
            summary = await ReadAsync(query, context.RequestServices, context.RequestAborted).ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is not OperationCanceledException || !context.RequestAborted.IsCancellationRequested)
        {
            LogFailure(Logger(context.RequestServices), "store", exception);
            await RefuseAsync(context, StatusCodes.Status503ServiceUnavailable, "The store of call records cannot be read at the moment.")
                .ConfigureAwait(false);
            return;
        }

        context.Response.ContentType = "application/json; charset=utf-8";
        await JsonSerializer
            .SerializeAsync(context.Response.Body, summary, DashboardJson.Default.DashboardSummary, context.RequestAborted)
            .ConfigureAwait(false);
    }

    public static Task RefuseAsync(HttpContext context, int status, string problem)
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = "text/plain; charset=utf-8";
        return context.Response.WriteAsync(problem, context.RequestAborted);
    }

    private async Task<DashboardSummary> ReadAsync(CostHistoryQuery query, IServiceProvider services, CancellationToken cancellationToken)
    {
        var history = await store.QueryAsync(query, cancellationToken).ConfigureAwait(false);
        var span = query.To - query.From;
        var previous = await store
            .QueryAsync(query with { From = query.From - span, To = query.From, Interval = TimeSpan.FromDays(7) }, cancellationToken)
            .ConfigureAwait(false);
        var isFiltered = query is not { Tenant: null, Feature: null, Model: null };
        var all = isFiltered
            ? await store
                .QueryAsync(query with { Tenant = null, Feature = null, Model = null, Interval = TimeSpan.FromDays(7) }, cancellationToken)
                .ConfigureAwait(false)
            : history;
        var dearest = await store.ReadDearestAsync(query, DearestCalls, cancellationToken).ConfigureAwait(false);
        var hasAnyCalls =
            history.Points.Count > 0 || all.Points.Count > 0 || await HasAnyCallsAsync(cancellationToken).ConfigureAwait(false);

        List<DashboardWarning> warnings = [];
        var clients = Clients(services, warnings);
        var books = clients.Select(client => client.GetService<PriceBook>()).OfType<PriceBook>().Distinct().ToList();
        var budgets = await BudgetsAsync(clients, services, warnings, cancellationToken).ConfigureAwait(false);
        Warn(history.Total, books, warnings);
        return new DashboardSummary
        {
            Title = options.Title,
            From = query.From,
            To = query.To,
            IntervalSeconds = (int)query.Interval.TotalSeconds,
            Total = history.Total,
            Previous = previous.Total,
            Points = history.Points,
            Models = Rows(history.ByModel),
            Tenants = Rows(history.ByTenant),
            Features = Rows(history.ByFeature),
            Tiers = [.. history.CallsByTier.OrderByDescending(tier => tier.Value).Select(tier => new TierShare(tier.Key, tier.Value))],
            Dearest = [.. dearest.Where(call => call.ActualCost > 0m).Select(call => ShownCall.Of(call, options.ShowUsers))],
            Budgets = budgets,
            SemanticCaches =
            [
                .. clients
                    .Select(client => client.GetService<SemanticCacheManager>())
                    .OfType<SemanticCacheManager>()
                    .Distinct()
                    .Select(cache => new SemanticFigures(cache.GetStatistics(), cache.GetShadowReport())),
            ],
            OutputCaps =
            [
                .. clients
                    .Select(client => client.GetService<OutputLimitReport>())
                    .OfType<OutputLimitReport>()
                    .Distinct()
                    .SelectMany(report => report.GetLearnedCaps())
                    .OrderByDescending(cap => cap.AnswersCut)
                    .Take(MaxRows),
            ],
            PassedBy = Reasons(clients, services),
            Names = new FilterNames(Names(all.ByTenant), Names(all.ByFeature), Names(all.ByModel)),
            Warnings = warnings,
            PriceBooks = [.. books.Select(book => book.AsOf).Where(day => day > DateOnly.MinValue).Distinct().Order()],
            HasAnyCalls = hasAnyCalls,
            ShowUsers = options.ShowUsers,
        };
    }

    /// <summary>For the hint of an empty page: is it the span that is empty, or everything?</summary>
    private async Task<bool> HasAnyCallsAsync(CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        var query = new CostHistoryQuery
        {
            From = now.AddDays(-400),
            To = now.AddDays(1),
            Interval = TimeSpan.FromDays(28),
        };
        return (await store.QueryAsync(query, cancellationToken).ConfigureAwait(false)).Points.Count > 0;
    }

    private static List<NamedTotals> Rows(IReadOnlyDictionary<string, CostTotals> groups)
    {
        var ordered = ByCost(groups).ToList();
        if (ordered.Count <= MaxRows)
        {
            return ordered;
        }

        var rest = ordered.Skip(MaxRows).ToList();
        ordered.RemoveRange(MaxRows, rest.Count);
        var other = ordered.FindIndex(row => row.Name == CostReport.OtherGroup);
        if (other >= 0)
        {
            rest.Add(ordered[other]);
            ordered.RemoveAt(other);
        }

        ordered.Add(new NamedTotals(CostReport.OtherGroup, Sum(rest)));
        return ordered;
    }

    private static IEnumerable<NamedTotals> ByCost(IReadOnlyDictionary<string, CostTotals> groups) =>
        groups
            .OrderByDescending(group => group.Value.ActualCost)
            .ThenByDescending(group => group.Value.BaselineCost)
            .ThenByDescending(group => group.Value.Calls)
            .ThenBy(group => group.Key, StringComparer.Ordinal)
            .Select(group => new NamedTotals(group.Key, group.Value));

    private static List<string> Names(IReadOnlyDictionary<string, CostTotals> groups) =>
        [.. ByCost(groups).Select(group => group.Name).Where(name => name != CostReport.OtherGroup).Take(MaxNames)];

    private static CostTotals Sum(List<NamedTotals> rows) =>
        new()
        {
            Calls = rows.Sum(row => row.Totals.Calls),
            FailedCalls = rows.Sum(row => row.Totals.FailedCalls),
            UnpricedCalls = rows.Sum(row => row.Totals.UnpricedCalls),
            EstimatedCalls = rows.Sum(row => row.Totals.EstimatedCalls),
            BaselineCost = rows.Sum(row => row.Totals.BaselineCost),
            ActualCost = rows.Sum(row => row.Totals.ActualCost),
            InputTokens = rows.Sum(row => row.Totals.InputTokens),
            OutputTokens = rows.Sum(row => row.Totals.OutputTokens),
            BaselineInputTokens = rows.Sum(row => row.Totals.BaselineInputTokens),
            BaselineOutputTokens = rows.Sum(row => row.Totals.BaselineOutputTokens),
            SavingByStage = rows.SelectMany(row => row.Totals.SavingByStage)
                .GroupBy(part => part.Key)
                .ToDictionary(part => part.Key, part => part.Sum(saving => saving.Value)),
            CallsServedByStage = rows.SelectMany(row => row.Totals.CallsServedByStage)
                .GroupBy(part => part.Key)
                .ToDictionary(part => part.Key, part => part.Sum(calls => calls.Value)),
        };

    /// <summary>All clients of the app, those under a key too. What cannot be built is not shown.</summary>
    private static List<IChatClient> Clients(IServiceProvider services, List<DashboardWarning> warnings)
    {
        try
        {
            return [.. services.GetServices<IChatClient>(), .. services.GetKeyedServices<IChatClient>(KeyedService.AnyKey)];
        }
        catch (Exception exception)
        {
            LogFailure(Logger(services), "chat clients", exception);
            warnings.Add(new DashboardWarning("warning", "The app's chat clients could not be made: budgets and caches are not shown."));
            return [];
        }
    }

    private static async Task<IReadOnlyList<BudgetStatus>> BudgetsAsync(
        List<IChatClient> clients,
        IServiceProvider services,
        List<DashboardWarning> warnings,
        CancellationToken cancellationToken
    )
    {
        var statuses = new List<BudgetStatus>();
        var pending = 0;
        try
        {
            foreach (var manager in clients.Select(client => client.GetService<BudgetManager>()).OfType<BudgetManager>().Distinct())
            {
                pending += manager.PendingSettlements;
                statuses.AddRange(await manager.GetStatusAsync(MaxAccounts, cancellationToken).ConfigureAwait(false));
            }
        }
        catch (Exception exception) when (exception is not OperationCanceledException || !cancellationToken.IsCancellationRequested)
        {
            LogFailure(Logger(services), "budgets", exception);
            warnings.Add(new DashboardWarning("warning", "The ledger of the budgets cannot be read at the moment."));
        }

        if (pending > 0)
        {
            warnings.Add(
                new DashboardWarning("warning", $"{Count(pending, "settlement waits", "settlements wait")} for the ledger of the budgets.")
            );
        }

        // Pipelines may share a ledger, and with it their budgets' accounts.
        return
        [
            .. statuses
                .DistinctBy(status => (status.Budget, status.Group, status.Unit))
                .OrderByDescending(status => status.Limit == 0m ? 1m : (status.Spent + status.Reserved) / status.Limit),
        ];
    }

    private static List<PassedBy> Reasons(List<IChatClient> clients, IServiceProvider services) =>
        [
            .. clients
                .Select(client => client.GetService<CostReport>())
                .Append(services.GetService<CostReport>())
                .OfType<CostReport>()
                .Distinct()
                .SelectMany(report => report.GetSummary().PassedBy)
                .GroupBy(reason => reason.Key)
                .Select(reason => (Parts: reason.Key.Split(": ", 2), Calls: reason.Sum(count => count.Value)))
                .Select(reason => new PassedBy(reason.Parts[0], reason.Parts[^1], reason.Calls))
                .OrderByDescending(reason => reason.Calls)
                .Take(MaxReasons),
        ];

    private void Warn(CostTotals total, List<PriceBook> books, List<DashboardWarning> warnings)
    {
        if (sink?.GetStatistics() is { } statistics)
        {
            if (statistics.FailingSince is { } since)
            {
                warnings.Add(
                    new(
                        "warning",
                        $"The store takes no records since {since:u}: {Count(statistics.Waiting, "record waits", "records wait")}, and the newest calls are missing here."
                    )
                );
            }

            if (statistics.Dropped > 0)
            {
                warnings.Add(
                    new(
                        "warning",
                        $"{Count(statistics.Dropped, "record was", "records were")} dropped by this process, as the store did not take them: sums are too low by these."
                    )
                );
            }
        }

        if (total.UnpricedCalls > 0)
        {
            warnings.Add(
                new(
                    "warning",
                    $"{Count(total.UnpricedCalls, "call has", "calls have")} no known price and {(total.UnpricedCalls == 1 ? "is" : "are")} in no sum of money: add the model's price to the price book."
                )
            );
        }

        if (total.EstimatedCalls > 0)
        {
            warnings.Add(
                new(
                    "info",
                    $"{Count(total.EstimatedCalls, "call", "calls")} with tokens that were counted here, as the provider did not report them or the call ended early."
                )
            );
        }

        var today = DateOnly.FromDateTime(clock.GetUtcNow().UtcDateTime);
        foreach (var day in books.Select(book => book.AsOf).Where(day => day > DateOnly.MinValue).Distinct())
        {
            if (today.DayNumber - day.DayNumber > PricesAreOldAfter.TotalDays)
            {
                warnings.Add(new("warning", $"The price book is of {day:yyyy-MM-dd}: update the package, or check your prices."));
            }
        }

        if (store is InMemoryCallRecordStore)
        {
            warnings.Add(new("info", "The history is kept in this process's memory and ends with it. A store such as SQLite keeps it."));
        }
    }

    private static string Count(long count, string one, string many) =>
        count == 1 ? $"1 {one}" : string.Create(CultureInfo.InvariantCulture, $"{count:N0} {many}");

    private static ILogger Logger(IServiceProvider services) => services.GetRequiredService<ILoggerFactory>().CreateLogger("LlmThrift");

    [LoggerMessage(120, LogLevel.Warning, "The dashboard of costs cannot read the {Part}.")]
    private static partial void LogFailure(ILogger logger, string part, Exception exception);
}
