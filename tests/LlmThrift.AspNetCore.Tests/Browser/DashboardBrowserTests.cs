using System.Collections.Concurrent;
using System.Globalization;
using LlmThrift.Budgets;
using LlmThrift.Metering;
using LlmThrift.SemanticCache;
using LlmThrift.TestKit;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Playwright;
using Xunit;

namespace LlmThrift.AspNetCore.Tests.Browser;

public sealed class DashboardBrowserTests(Chromium chromium) : IClassFixture<Chromium>
{
    private const string Hostile = "<script>document.title='owned'</script><img src=x onerror=\"document.title='owned'\">'\"& 😀\u202eabc";

    private static readonly DateTimeOffset Now = TimeProvider.System.GetUtcNow();

    [BrowserFact]
    public async Task Page_shows_the_figures_without_an_error_and_without_another_host()
    {
        await using var app = await StartAsync();
        await app.Store.AppendAsync(Calls.Month(Now), default);
        await using var visit = await OpenAsync(app, "/costs/?range=30d");

        Assert.Equal("6", await visit.CountAsync(".tile"));
        await Assertions.Expect(visit.Page.Locator("#tiles .tile-value").First).ToContainTextAsync("$");
        Assert.NotEqual("0", await visit.CountAsync("#chart rect.stage-routing"));
        Assert.NotEqual("0", await visit.CountAsync("#stages .stage-exact_cache"));
        Assert.NotEqual("0", await visit.CountAsync("#dearest tbody tr"));
        await Assertions.Expect(visit.Page.Locator("#budgets")).ToContainTextAsync("tenant-day");
        await Assertions.Expect(visit.Page.Locator("#caches")).ToContainTextAsync("compared");
        await Assertions.Expect(visit.Page.Locator("#tiers")).ToContainTextAsync("small");
        await Assertions.Expect(visit.Page.Locator("#foot")).ToContainTextAsync("Price book of");
        await visit.SaveAsync("light");
    }

    [BrowserFact]
    public async Task Filters_are_chosen_kept_in_the_address_and_left_again()
    {
        await using var app = await StartAsync();
        await app.Store.AppendAsync(Calls.Month(Now), default);
        await using var visit = await OpenAsync(app, "/costs/?range=30d");
        var all = await visit.TextAsync("#tiles .tile-value >> nth=3");

        await visit.Page.SelectOptionAsync("#tenant", "globex");
        await Assertions.Expect(visit.Page.Locator("#tiles .tile-value").Nth(3)).Not.ToHaveTextAsync(all);
        Assert.Contains("tenant=globex", visit.Page.Url, StringComparison.Ordinal);
        Assert.Contains("tenant=globex", await visit.Page.GetAttributeAsync("#export-csv", "href"), StringComparison.Ordinal);
        Assert.Equal("1", await visit.CountAsync("#tenants tbody tr"));

        await visit.Page.ReloadAsync();
        await Assertions.Expect(visit.Page.Locator("#tenant")).ToHaveValueAsync("globex");
        await visit.Page.GetByRole(AriaRole.Button, new() { Name = "Clear filters" }).ClickAsync();
        await Assertions.Expect(visit.Page.Locator("#tiles .tile-value").Nth(3)).ToHaveTextAsync(all);

        await visit.Page.Locator("#models .filter").First.ClickAsync();
        await Assertions.Expect(visit.Page.Locator("#models tbody tr")).ToHaveCountAsync(1);
        await visit.Page.GoBackAsync();
        await Assertions.Expect(visit.Page.Locator("#tiles .tile-value").Nth(3)).ToHaveTextAsync(all);
    }

    [BrowserFact]
    public async Task Custom_range_is_checked_and_shown()
    {
        await using var app = await StartAsync();
        await app.Store.AppendAsync(Calls.Month(Now), default);
        await using var visit = await OpenAsync(app, "/costs/");

        await visit.Page.CheckAsync("input[value=custom]", new() { Force = true });
        await visit.Page.FillAsync("#from", Now.AddDays(-2).ToString("yyyy-MM-ddTHH:mm", CultureInfo.InvariantCulture));
        await visit.Page.FillAsync("#to", Now.AddDays(-9).ToString("yyyy-MM-ddTHH:mm", CultureInfo.InvariantCulture));
        await visit.Page.ClickAsync("#apply");
        await Assertions.Expect(visit.Page.Locator("#custom-problem")).ToContainTextAsync("first before the second");

        await visit.Page.FillAsync("#to", Now.AddDays(-1).ToString("yyyy-MM-ddTHH:mm", CultureInfo.InvariantCulture));
        await visit.Page.ClickAsync("#apply");
        await Assertions.Expect(visit.Page.Locator("#tiles .tile-note").First).ToContainTextAsync("the span before");
        Assert.Contains("range=custom", visit.Page.Url, StringComparison.Ordinal);
    }

    [BrowserFact]
    public async Task New_calls_appear_by_themselves()
    {
        await using var app = await StartAsync();
        await using var visit = await OpenAsync(app, "/costs/?range=1h", isEmpty: true);
        await Assertions.Expect(visit.Page.Locator("#empty-title")).ToHaveTextAsync("No calls yet");
        await visit.SaveAsync("empty");
        await Assertions.Expect(visit.Page.Locator("#live-text")).ToHaveTextAsync("Live");

        var client = app.Services.GetRequiredService<IChatClient>();
        await client.GetResponseAsync("Is anybody there?");
        await Assertions.Expect(visit.Page.Locator("#tiles .tile-value").Nth(3)).ToHaveTextAsync("1");
        await client.GetResponseAsync("Is anybody there?");
        await Assertions.Expect(visit.Page.Locator("#tiles .tile-value").Nth(3)).ToHaveTextAsync("2");

        await visit.Page.ClickAsync("#live");
        await Assertions.Expect(visit.Page.Locator("#live-text")).ToHaveTextAsync("Paused");
        await client.GetResponseAsync("Still?");
        await app.Services.GetRequiredService<CallRecordStoreSink>().FlushAsync();
        await Task.Delay(800);
        await Assertions.Expect(visit.Page.Locator("#tiles .tile-value").Nth(3)).ToHaveTextAsync("2");
        await visit.Page.ClickAsync("#live");
        await Assertions.Expect(visit.Page.Locator("#tiles .tile-value").Nth(3)).ToHaveTextAsync("3");
    }

    [BrowserFact]
    public async Task Calls_are_exported_as_they_are_filtered()
    {
        await using var app = await StartAsync();
        await app.Store.AppendAsync([Calls.Call(Now.AddMinutes(-5)), Calls.Call(Now.AddMinutes(-5), tenant: "one")], default);
        await using var visit = await OpenAsync(app, "/costs/?tenant=one");

        var csv = await visit.Page.RunAndWaitForDownloadAsync(() => visit.Page.ClickAsync("#export-csv"));
        var json = await visit.Page.RunAndWaitForDownloadAsync(() => visit.Page.ClickAsync("#export-json"));

        Assert.EndsWith(".csv", csv.SuggestedFilename, StringComparison.Ordinal);
        Assert.EndsWith(".json", json.SuggestedFilename, StringComparison.Ordinal);
        Assert.Equal(2, (await File.ReadAllLinesAsync(await csv.PathAsync())).Length);
    }

    [BrowserFact]
    public async Task Keyboard_is_enough()
    {
        await using var app = await StartAsync();
        await app.Store.AppendAsync(Calls.Month(Now), default);
        await using var visit = await OpenAsync(app, "/costs/?range=7d");
        var page = visit.Page;

        // Everything that can be done is reached by Tab, in the order of the page, and is seen to have the focus.
        var reached = new List<string>();
        for (var i = 0; i < 40; i++)
        {
            await page.Keyboard.PressAsync("Tab");
            reached.Add(
                await page.EvaluateAsync<string>(
                    "() => { const e = document.activeElement; const s = getComputedStyle(e.matches('.segments input') ? e.nextElementSibling : e); return (e.id || e.dataset.key || e.value || e.tagName) + (s.outlineStyle === 'none' ? ' unseen' : ''); }"
                )
            );
        }

        reached = [.. reached.TakeWhile(name => !name.StartsWith("BODY", StringComparison.Ordinal))];
        Assert.DoesNotContain(reached, name => name.EndsWith("unseen", StringComparison.Ordinal));
        string[] wanted = ["live", "export-csv", "export-json", "7d", "tenant", "feature", "model", "chart", "SUMMARY"];
        Assert.Equal(wanted, reached.Where(wanted.Contains));

        await page.FocusAsync("#chart svg");
        await page.Keyboard.PressAsync("End");
        await Assertions.Expect(page.Locator(".tip")).ToBeVisibleAsync();
        await page.Keyboard.PressAsync("ArrowLeft");
        await Assertions.Expect(page.Locator("#chart [aria-live]")).ToContainTextAsync("calls");
        Assert.Equal("svg", await page.EvaluateAsync<string>("() => document.activeElement.tagName"));
        await page.Keyboard.PressAsync("Escape");
        await Assertions.Expect(page.Locator(".tip")).ToBeHiddenAsync();

        await page.FocusAsync("input[value='7d']");
        await page.Keyboard.PressAsync("ArrowRight");
        await Assertions.Expect(page.Locator("#announce")).ToContainTextAsync("calls");
        Assert.Contains("range=30d", page.Url, StringComparison.Ordinal);

        await page.FocusAsync("#tenants .filter >> nth=0");
        await page.Keyboard.PressAsync("Enter");
        await Assertions.Expect(page.Locator("#tenants .filter[aria-pressed=true]")).ToBeFocusedAsync();
        await page.FocusAsync("#time-details summary");
        await page.Keyboard.PressAsync("Enter");
        await Assertions.Expect(page.Locator("#time-table tbody tr").First).ToBeVisibleAsync();
    }

    [BrowserFact]
    public async Task Phone_shows_all_without_scrolling_sideways()
    {
        await using var app = await StartAsync();
        await app.Store.AppendAsync(Calls.Month(Now), default);
        await app.Store.AppendAsync([Calls.Call(Now.AddMinutes(-5), actual: 123m, tenant: new string('W', 10_000))], default);
        await using var visit = await OpenAsync(app, "/costs/?range=7d", width: 360, height: 780);

        Assert.Equal(360, await visit.Page.EvaluateAsync<int>("() => document.documentElement.scrollWidth"));
        await visit.SaveAsync("phone");
    }

    [BrowserFact]
    public async Task Dark_scheme_is_dark_and_both_schemes_have_contrast()
    {
        await using var app = await StartAsync();
        await app.Store.AppendAsync(Calls.Month(Now), default);
        foreach (var scheme in new[] { ColorScheme.Light, ColorScheme.Dark })
        {
            await using var visit = await OpenAsync(app, "/costs/?range=30d", scheme: scheme);
            await visit.Page.EvaluateAsync("() => document.querySelector('#time-details').open = true");

            // Every text against the nearest background behind it, by the formula of WCAG.
            var faint = await visit.Page.EvaluateAsync<string[]>(
                """
                () => {
                  const rgba = (text) => text.match(/[\d.]+/g).map(Number);
                  const light = ([r, g, b]) => {
                    const part = (c) => { c /= 255; return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4; };
                    return 0.2126 * part(r) + 0.7152 * part(g) + 0.0722 * part(b);
                  };
                  const faint = [];
                  for (const e of document.querySelectorAll('body *')) {
                    const own = [...e.childNodes].some((n) => n.nodeType === 3 && n.textContent.trim());
                    if (!own || e.closest('.hidden') || !e.getClientRects().length || e.matches('option')) continue;
                    let behind = e;
                    let back = [0, 0, 0, 0];
                    while (behind && (back.length === 4 && back[3] === 0)) { back = rgba(getComputedStyle(behind).backgroundColor); behind = behind.parentElement; }
                    const style = getComputedStyle(e);
                    const [a, b] = [light(rgba(e instanceof SVGElement ? style.fill : style.color)), light(back)].sort((x, y) => y - x);
                    const ratio = (a + 0.05) / (b + 0.05);
                    if (ratio < 4.5) faint.push(`${e.tagName}.${e.className.baseVal ?? e.className} ${e.textContent.slice(0, 30)}: ${ratio.toFixed(2)}`);
                  }
                  return faint;
                }
                """
            );
            Assert.Empty(faint);
            var background = await visit.Page.EvaluateAsync<string>("() => getComputedStyle(document.body).backgroundColor");
            Assert.Equal(scheme == ColorScheme.Dark ? "rgb(14, 18, 23)" : "rgb(244, 246, 248)", background);
            if (scheme == ColorScheme.Dark)
            {
                await visit.Page.EvaluateAsync("() => document.querySelector('#time-details').open = false");
                await visit.SaveAsync("dark");
            }
        }
    }

    [BrowserFact]
    public async Task Hostile_names_are_text()
    {
        await using var app = await StartAsync();
        await app.Store.AppendAsync(
            [
                Calls.Call(Now.AddMinutes(-5), tenant: Hostile, feature: Hostile, model: Hostile) with
                {
                    Tier = Hostile,
                    SavingByStage = [new StageSaving(Hostile, 1m)],
                },
                Calls.Call(
                    Now.AddMinutes(-5),
                    tenant: string.Concat(Enumerable.Repeat("😀", 5_000)),
                    feature: "constructor",
                    model: "__proto__"
                ),
                Calls.Call(Now.AddMinutes(-5), tenant: "", feature: "\n\r\t", model: "(other)"),
            ],
            default
        );
        await using var visit = await OpenAsync(app, "/costs/");

        await visit.Page.SelectOptionAsync("#tenant", Hostile);
        await Assertions.Expect(visit.Page.Locator("#tiles .tile-value").Nth(3)).ToHaveTextAsync("1");
        await visit.Page.HoverAsync(
            "#chart svg",
            new()
            {
                Position = new Position { X = 300, Y = 100 },
            }
        );

        Assert.Equal("LLM costs", await visit.Page.TitleAsync());
        Assert.Equal("0", await visit.CountAsync("main script, main img"));
        Assert.Equal(Hostile, await visit.Page.Locator("#tenants .filter").First.GetAttributeAsync("title"));
        Assert.True((await visit.TextAsync("#tenants .filter >> nth=0")).Length <= 42);
        await visit.SaveAsync("hostile");
    }

    [BrowserFact]
    public async Task Empty_span_offers_a_longer_one()
    {
        await using var app = await StartAsync();
        await app.Store.AppendAsync([Calls.Call(Now.AddDays(-5))], default);
        await using var visit = await OpenAsync(app, "/costs/?range=1h", isEmpty: true);

        await Assertions.Expect(visit.Page.Locator("#empty-title")).ToHaveTextAsync("No calls in this span of time");
        await visit.Page.GetByRole(AriaRole.Button, new() { Name = "Show 30 days" }).ClickAsync();

        await Assertions.Expect(visit.Page.Locator("#tiles .tile-value").Nth(3)).ToHaveTextAsync("1");
    }

    [BrowserFact]
    public async Task Reader_who_is_signed_out_is_told_so()
    {
        await using var app = await DashboardApp.StartAsync(hasServer: true);
        await using var context = await chromium.Browser.NewContextAsync(
            new BrowserNewContextOptions { ExtraHTTPHeaders = new Dictionary<string, string> { ["X-User"] = "ann" } }
        );
        var page = await context.NewPageAsync();
        await page.GotoAsync(app.Address + "/costs/");
        await Assertions.Expect(page.Locator("#empty-title")).ToHaveTextAsync("No calls yet");
        await context.SetExtraHTTPHeadersAsync([]);

        await page.CheckAsync("input[value='7d']", new() { Force = true });

        await Assertions.Expect(page.Locator("#problem")).ToContainTextAsync("signed out");
    }

    private static Task<DashboardApp> StartAsync() =>
        DashboardApp.StartAsync(
            services =>
                services
                    .AddChatClient(_ => new ScriptedChatClient())
                    .UseCostControls(o =>
                    {
                        o.Budgets.Add("all-month", 2_000m, BudgetWindow.Month);
                        o.Budgets.Add("tenant-day", 0.005m, BudgetWindow.Day, BudgetScope.Tenant);
                        o.Budgets.DefaultMaxOutputTokens = 100;
                        o.UseSemanticCache = true;
                        o.SemanticCache.Mode = SemanticCacheMode.Shadow;
                        o.SemanticCache.EmbeddingGenerator = new FakeEmbeddingGenerator();
                        o.SemanticCache.EmbeddingTimeout = TimeSpan.FromSeconds(30);
                        o.SemanticCache.MaxErrorRate = 0.2;
                    }),
            dashboard => dashboard.UpdateInterval = TimeSpan.FromMilliseconds(200),
            isAnonymous: true,
            hasServer: true
        );

    private async Task<Visit> OpenAsync(
        DashboardApp app,
        string path,
        int width = 1_280,
        int height = 900,
        ColorScheme scheme = ColorScheme.Light,
        bool isEmpty = false
    )
    {
        if (!isEmpty)
        {
            await WarmUpAsync(app);
        }

        var context = await chromium.Browser.NewContextAsync(
            new BrowserNewContextOptions
            {
                ViewportSize = new ViewportSize { Width = width, Height = height },
                ColorScheme = scheme,
                Locale = "en-US",
                TimezoneId = "Europe/Berlin",
                DeviceScaleFactor = 1,
            }
        );
        var page = await context.NewPageAsync();
        var visit = new Visit(context, page, app.Address);
        await page.GotoAsync(app.Address + path);
        await Assertions.Expect(page.Locator(isEmpty ? "#empty" : "#figures")).ToBeVisibleAsync();
        return visit;
    }

    /// <summary>What only pipelines know: calls that budgets count and that the semantic cache compares.</summary>
    private static async Task WarmUpAsync(DashboardApp app)
    {
        var client = app.Services.GetRequiredService<IChatClient>();
        string[] tenants = ["acme", "acme", "globex", "initech", "acme", "hooli"];
        for (var i = 0; i < 24; i++)
        {
            var options = new ChatOptions().WithTenant(tenants[i % tenants.Length]).WithFeature("support-chat").WithUser("u");
            try
            {
                await client.GetResponseAsync($"How do I reset my password, please{new string('?', 1 + (i / 6))}", options);
            }
            catch (BudgetExceededException)
            {
                // One of them is to be seen used up.
            }
        }

        await client.GetService<SemanticCacheManager>()!.WhenIdleAsync();
        await app.Services.GetRequiredService<CallRecordStoreSink>().FlushAsync();
    }

    /// <summary>A page, of which every error and every request is watched. Screenshots are kept where DASHBOARD_SCREENSHOTS names a folder.</summary>
    private sealed class Visit : IAsyncDisposable
    {
        private readonly IBrowserContext _context;
        private readonly ConcurrentQueue<string> _wrongs = new();

        public Visit(IBrowserContext context, IPage page, string address)
        {
            (_context, Page) = (context, page);
            page.Console += (_, message) =>
            {
                if (message.Type is "error" or "warning")
                {
                    _wrongs.Enqueue(message.Text);
                }
            };
            page.PageError += (_, error) => _wrongs.Enqueue(error);
            page.Request += (_, request) =>
            {
                if (
                    !request.Url.StartsWith(address, StringComparison.Ordinal) && !request.Url.StartsWith("data:", StringComparison.Ordinal)
                )
                {
                    _wrongs.Enqueue("Another host: " + request.Url);
                }
            };
        }

        public IPage Page { get; }

        public async Task<string> CountAsync(string selector) =>
            (await Page.Locator(selector).CountAsync()).ToString(CultureInfo.InvariantCulture);

        public Task<string> TextAsync(string selector) => Page.InnerTextAsync(selector);

        public async Task SaveAsync(string name)
        {
            if (Environment.GetEnvironmentVariable("DASHBOARD_SCREENSHOTS") is { Length: > 0 } folder)
            {
                await Page.ScreenshotAsync(new PageScreenshotOptions { Path = Path.Combine(folder, $"{name}.png"), FullPage = true });
            }
        }

        public async ValueTask DisposeAsync()
        {
            await _context.CloseAsync();
            Assert.Empty(_wrongs);
        }
    }
}
