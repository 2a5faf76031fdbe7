using System.Net;
using System.Text.Json;
using LlmThrift.Budgets;
using LlmThrift.Metering;
using LlmThrift.TestKit;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace LlmThrift.AspNetCore.Tests.Dashboard;

public sealed class DashboardFiguresTests
{
    private readonly ManualTimeProvider _clock = new();

    private DateTimeOffset Now => _clock.GetUtcNow();

    [Fact]
    public async Task Figures_add_up_what_the_store_has()
    {
        await using var app = await StartAsync();
        await app.Store.AppendAsync(
            [
                Calls.Call(Now.AddMinutes(-5), actual: 1m, baseline: 4m),
                Calls.Call(Now.AddHours(-3), actual: 0.5m, baseline: 0.5m, tenant: "globex", feature: null),
                Calls.Call(Now.AddHours(-30), actual: 8m, baseline: 9m),
            ],
            default
        );

        var figures = await FiguresAsync(app, "");

        Assert.Equal("LLM costs", figures.GetProperty("title").GetString());
        Assert.Equal(1800, figures.GetProperty("intervalSeconds").GetInt32());
        Assert.Equal(2, figures.GetProperty("total").GetProperty("calls").GetInt64());
        Assert.Equal(1.5m, figures.GetProperty("total").GetProperty("actualCost").GetDecimal());
        Assert.Equal(3m, figures.GetProperty("total").GetProperty("saving").GetDecimal());
        Assert.Equal(3m, figures.GetProperty("total").GetProperty("savingByStage").GetProperty("routing").GetDecimal());
        Assert.Equal(8m, figures.GetProperty("previous").GetProperty("actualCost").GetDecimal());
        Assert.Equal(2, figures.GetProperty("points").GetArrayLength());
        Assert.Equal(["acme", "globex"], Names(figures, "tenants"));
        Assert.Equal(["faq", "(none)"], Names(figures, "features"));
        Assert.Equal(
            [1m, 0.5m],
            figures.GetProperty("dearest").EnumerateArray().Select(call => call.GetProperty("actualCost").GetDecimal())
        );
    }

    [Fact]
    public async Task Filters_narrow_the_figures_and_leave_the_choice()
    {
        await using var app = await StartAsync();
        await app.Store.AppendAsync(
            [
                Calls.Call(Now.AddMinutes(-5), tenant: "a&b=c", feature: "x"),
                Calls.Call(Now.AddMinutes(-5), tenant: "other", feature: "x"),
                Calls.Call(Now.AddMinutes(-5), tenant: "a&b=c", feature: "y", model: "m2"),
            ],
            default
        );

        var one = await FiguresAsync(app, "?tenant=a%26b%3Dc&feature=y&model=m2");

        Assert.Equal(1, one.GetProperty("total").GetProperty("calls").GetInt64());
        Assert.Equal(["a&b=c"], Names(one, "tenants"));
        Assert.Equal(2, one.GetProperty("names").GetProperty("tenants").GetArrayLength());
        Assert.Equal(2, one.GetProperty("names").GetProperty("models").GetArrayLength());
        Assert.Equal(1, one.GetProperty("dearest").GetArrayLength());
    }

    [Theory]
    [InlineData("?range=1h", 60, 1)]
    [InlineData("?range=24h", 1_800, 2)]
    [InlineData("?range=7d", 10_800, 3)]
    [InlineData("?range=30d", 43_200, 4)]
    [InlineData("?range=custom&from=2026-08-01T00:00:00Z&to=2026-09-01T00:00:00Z", 43_200, 2)]
    [InlineData("?range=custom&from=2020-01-01&to=2026-09-02", 7_862_400, 5)]
    [InlineData("?range=custom&from=2026-08-20T10:00:00Z&to=2026-08-20T11:00:00Z", 3_600, 0)]
    public async Task Range_decides_what_is_counted_and_how_wide_a_bar_is(string query, int interval, int calls)
    {
        await using var app = await StartAsync();
        await app.Store.AppendAsync(
            [
                Calls.Call(Now.AddMinutes(-10)),
                Calls.Call(Now.AddHours(-10)),
                Calls.Call(Now.AddDays(-3)),
                Calls.Call(Now.AddDays(-20)),
                Calls.Call(Now.AddDays(-100)),
            ],
            default
        );

        var figures = await FiguresAsync(app, query);

        Assert.Equal(interval, figures.GetProperty("intervalSeconds").GetInt32());
        Assert.Equal(calls, figures.GetProperty("total").GetProperty("calls").GetInt64());
        var span = figures.GetProperty("to").GetDateTimeOffset() - figures.GetProperty("from").GetDateTimeOffset();
        Assert.InRange(span.TotalSeconds / interval, 1, 63);
    }

    [Theory]
    [InlineData("?range=2h")]
    [InlineData("?range=custom")]
    [InlineData("?range=custom&from=yesterday&to=today")]
    [InlineData("?range=custom&from=2026-09-01&to=2026-08-01")]
    [InlineData("?range=custom&from=0001-01-01&to=9999-12-31")]
    public async Task Range_that_makes_no_sense_is_refused(string query)
    {
        await using var app = await StartAsync();

        foreach (var path in new[] { "/costs/api/figures", "/costs/calls.csv", "/costs/calls.json" })
        {
            using var response = await app.Client("ann").GetAsync(path + query);
            Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
            Assert.Equal("text/plain", response.Content.Headers.ContentType?.MediaType);
        }
    }

    [Fact]
    public async Task Empty_store_says_that_there_is_nothing_yet()
    {
        await using var app = await StartAsync();

        var before = await FiguresAsync(app, "");
        await app.Store.AppendAsync([Calls.Call(Now.AddDays(-50))], default);
        var after = await FiguresAsync(app, "");

        Assert.False(before.GetProperty("hasAnyCalls").GetBoolean());
        Assert.True(after.GetProperty("hasAnyCalls").GetBoolean());
        Assert.Equal(0, after.GetProperty("points").GetArrayLength());
    }

    [Fact]
    public async Task Very_many_names_are_cut_to_the_dearest_and_the_rest_added_up()
    {
        await using var app = await StartAsync();
        await app.Store.AppendAsync(
            [.. Enumerable.Range(1, 300).Select(i => Calls.Call(Now.AddMinutes(-5), actual: i, tenant: $"tenant-{i}"))],
            default
        );

        var rows = (await FiguresAsync(app, "")).GetProperty("tenants").EnumerateArray().ToList();

        Assert.Equal(101, rows.Count);
        Assert.Equal("tenant-300", rows[0].GetProperty("name").GetString());
        Assert.Equal("(other)", rows[^1].GetProperty("name").GetString());
        Assert.Equal(200 * 201 / 2, rows[^1].GetProperty("totals").GetProperty("actualCost").GetDecimal());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Users_are_shown_only_where_the_app_says_so(bool isShown)
    {
        await using var app = await StartAsync(dashboard: o => o.ShowUsers = isShown);
        await app.Store.AppendAsync([Calls.Call(Now.AddMinutes(-5))], default);

        foreach (var path in new[] { "/costs/api/figures", "/costs/calls.csv", "/costs/calls.json" })
        {
            var text = await app.Client("ann").GetStringAsync(path);
            Assert.Equal(isShown, text.Contains("ann@example.com", StringComparison.Ordinal));
        }
    }

    [Fact]
    public async Task Pipelines_of_the_app_tell_of_budgets_caches_prices_and_reasons()
    {
        await using var app = await StartAsync(services =>
        {
            services
                .AddChatClient(_ => new ScriptedChatClient())
                .UseCostControls(o =>
                {
                    o.Budgets.Add("tenant-day", 5m, BudgetWindow.Day, BudgetScope.Tenant);
                    o.UseSemanticCache = true;
                    o.SemanticCache.Mode = LlmThrift.SemanticCache.SemanticCacheMode.Shadow;
                    o.SemanticCache.EmbeddingGenerator = new FakeEmbeddingGenerator();
                    o.OutputLimits.LearnCaps = true;
                });
            services
                .AddKeyedChatClient("other", _ => new ScriptedChatClient())
                .UseCostControls(o => o.Budgets.Add("second", 1m, BudgetWindow.Hour));
        });
        var client = app.Services.GetRequiredService<IChatClient>();
        await client.GetResponseAsync("How late is it?", new ChatOptions().WithTenant("acme").WithFeature("faq"));
        await client.GetResponseAsync("And now?", new ChatOptions { ConversationId = "c1" }.WithTenant("acme"));
        await app.Services.GetRequiredService<CallRecordStoreSink>().FlushAsync();
        _clock.Advance(TimeSpan.FromMinutes(1));

        var figures = await FiguresAsync(app, "");

        Assert.Equal(
            ["second", "tenant-day"],
            figures.GetProperty("budgets").EnumerateArray().Select(b => b.GetProperty("budget").GetString()!).Order()
        );
        var budget = figures.GetProperty("budgets").EnumerateArray().Single(b => b.GetProperty("budget").GetString() == "tenant-day");
        Assert.True(budget.GetProperty("spent").GetDecimal() > 0);
        Assert.Equal("UsDollars", budget.GetProperty("unit").GetString());
        Assert.Equal(1, figures.GetProperty("semanticCaches").GetArrayLength());
        Assert.Equal(1, figures.GetProperty("semanticCaches")[0].GetProperty("shadow").GetProperty("upperBound").GetDouble());
        Assert.Equal(1, figures.GetProperty("priceBooks").GetArrayLength());
        Assert.Contains(
            figures.GetProperty("passedBy").EnumerateArray(),
            reason => reason.GetProperty("reason").GetString() == "conversation_id"
        );
        Assert.Equal(2, figures.GetProperty("total").GetProperty("calls").GetInt64());
    }

    [Fact]
    public async Task What_is_amiss_is_said()
    {
        _clock.Advance(TimeSpan.FromDays(300));
        await using var app = await StartAsync(services => services.AddChatClient(_ => new ScriptedChatClient()).UseCostControls());
        await app.Store.AppendAsync(
            [Calls.Call(Now.AddMinutes(-5), actual: null, baseline: null), Calls.Call(Now.AddMinutes(-5)) with { IsEstimated = true }],
            default
        );

        var warnings = string.Join(
            '\n',
            (await FiguresAsync(app, ""))
                .GetProperty("warnings")
                .EnumerateArray()
                .Select(warning => warning.GetProperty("text").GetString())
        );

        Assert.Contains("1 call has no known price", warnings, StringComparison.Ordinal);
        Assert.Contains("1 call with tokens that were counted here", warnings, StringComparison.Ordinal);
        Assert.Contains("The price book is of", warnings, StringComparison.Ordinal);
        Assert.Contains("in this process's memory", warnings, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Store_that_fails_is_said_to_fail_and_no_more()
    {
        await using var app = await StartAsync(services => services.AddSingleton<ICallRecordStore>(new BrokenStore()));

        using var response = await app.Client("ann").GetAsync("/costs/api/figures");

        Assert.Equal(HttpStatusCode.ServiceUnavailable, response.StatusCode);
        Assert.DoesNotContain("secret", await response.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Client_that_cannot_be_made_costs_its_figures_only()
    {
        await using var app = await StartAsync(services =>
            services.AddSingleton<IChatClient>(_ => throw new InvalidOperationException("No key."))
        );
        await app.Store.AppendAsync([Calls.Call(Now.AddMinutes(-5))], default);

        var figures = await FiguresAsync(app, "");

        Assert.Equal(1, figures.GetProperty("total").GetProperty("calls").GetInt64());
        Assert.Contains("chat clients", figures.GetProperty("warnings").ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Title_must_not_be_empty()
    {
        var exception = Assert.Throws<ArgumentException>(() => new CostDashboardOptions { Title = " " }.Validate("configure"));

        Assert.Contains("Title", exception.Message, StringComparison.Ordinal);
    }

    private static List<string> Names(JsonElement figures, string group) =>
        [.. figures.GetProperty(group).EnumerateArray().Select(row => row.GetProperty("name").GetString()!)];

    private static async Task<JsonElement> FiguresAsync(DashboardApp app, string query)
    {
        using var response = await app.Client("ann").GetAsync("/costs/api/figures" + query);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal("no-store", response.Headers.CacheControl?.ToString());
        return JsonDocument.Parse(await response.Content.ReadAsStringAsync()).RootElement;
    }

    private Task<DashboardApp> StartAsync(Action<IServiceCollection>? services = null, Action<CostDashboardOptions>? dashboard = null) =>
        DashboardApp.StartAsync(
            all =>
            {
                all.AddSingleton<TimeProvider>(_clock);
                services?.Invoke(all);
            },
            dashboard
        );
}
