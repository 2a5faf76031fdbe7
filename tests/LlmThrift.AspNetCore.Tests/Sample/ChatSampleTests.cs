using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using LlmThrift.AspNetCore.Tests.Browser;
using LlmThrift.Metering;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Mvc.Testing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Playwright;
using Xunit;

namespace LlmThrift.AspNetCore.Tests.Sample;

/// <summary>The sample as it comes out of a fresh clone.</summary>
public sealed class ChatSampleTests(Chromium chromium) : IClassFixture<Chromium>
{
    [Fact]
    public async Task Chat_answers_and_the_second_time_from_the_cache()
    {
        await using var app = new App("Development");
        using var client = app.CreateClient();
        await SignInAsync(client, "ann");

        var first = await AskAsync(client, "api/faq", "How do I activate my card?");
        var second = await AskAsync(client, "api/faq", "How do I activate my card?");

        Assert.Contains("tap Activate", Text(first), StringComparison.Ordinal);
        Assert.Equal(Text(first), Text(second));
        Assert.Equal("gpt-4o-mini", first[^1].GetProperty("servedBy").GetString());
        Assert.Equal("exact_cache", second[^1].GetProperty("servedBy").GetString());
        Assert.Equal(0m, second[^1].GetProperty("cost").GetDecimal());
        await app.Services.GetRequiredService<CallRecordStoreSink>().FlushAsync();
        var figures = await client.GetFromJsonAsync<JsonElement>("costs/api/figures?range=1h");
        Assert.Equal("northwind", figures.GetProperty("tenants")[0].GetProperty("name").GetString());
        Assert.Equal("faq", figures.GetProperty("features")[0].GetProperty("name").GetString());
        Assert.Equal(2, figures.GetProperty("total").GetProperty("calls").GetInt64());
    }

    [Fact]
    public async Task Traffic_of_the_demonstration_fills_the_dashboard_without_a_failure()
    {
        await using var app = new App("Development", ("Demo:RequestsPerSecond", "50"));
        using var client = app.CreateClient();

        await client.PostAsJsonAsync("api/demo", new { isOn = true });
        var calls = 0L;
        JsonElement figures = default;
        for (var i = 0; i < 200 && calls < 40; i++)
        {
            await Task.Delay(100);
            figures = await client.GetFromJsonAsync<JsonElement>("costs/api/figures?range=1h");
            calls = figures.GetProperty("total").GetProperty("calls").GetInt64();
        }

        await client.PostAsJsonAsync("api/demo", new { isOn = false });
        Assert.True(calls >= 40, $"{calls} calls.");
        Assert.Equal(0, figures.GetProperty("total").GetProperty("failedCalls").GetInt64());
        Assert.Equal(0, figures.GetProperty("total").GetProperty("unpricedCalls").GetInt64());
        Assert.True(figures.GetProperty("budgets").GetArrayLength() >= 2);
        Assert.Equal("Healthy", await client.GetStringAsync("healthz"));
    }

    [Theory]
    [InlineData(null, HttpStatusCode.Unauthorized)]
    [InlineData("ann", HttpStatusCode.Forbidden)]
    [InlineData("olga", HttpStatusCode.OK)]
    public async Task In_production_costs_are_for_operators_and_there_is_no_demonstration(string? person, HttpStatusCode expected)
    {
        await using var app = new App("Production");
        using var client = app.CreateClient();
        if (person is not null)
        {
            await SignInAsync(client, person);
        }

        Assert.Equal(expected, (await client.GetAsync("costs/")).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await client.GetAsync("api/demo")).StatusCode);
    }

    [Fact]
    public async Task Nobody_asks_without_signing_in_and_nonsense_is_refused()
    {
        await using var app = new App("Development");
        using var client = app.CreateClient();

        Assert.Equal(
            HttpStatusCode.Unauthorized,
            (await client.PostAsJsonAsync("api/faq", new { messages = Array.Empty<object>() })).StatusCode
        );
        Assert.Equal(HttpStatusCode.BadRequest, (await client.PostAsJsonAsync("api/session", new { name = "nobody" })).StatusCode);
        await SignInAsync(client, "bo");
        Assert.Equal(
            HttpStatusCode.BadRequest,
            (await client.PostAsJsonAsync("api/faq", new { messages = Array.Empty<object>() })).StatusCode
        );
    }

    [Fact]
    public async Task History_can_be_kept_in_a_file()
    {
        var folder = Directory.CreateTempSubdirectory("llmthrift-chat-");
        var setting = ("History:Path", Path.Combine(folder.FullName, "costs.db"));
        await using (var app = new App("Development", setting))
        {
            using var client = app.CreateClient();
            await SignInAsync(client, "ann");
            await AskAsync(client, "api/faq", "How do I activate my card?");
        }

        await using (var app = new App("Development", setting))
        {
            var figures = await app.CreateClient().GetFromJsonAsync<JsonElement>("costs/api/figures?range=1h");
            Assert.Equal(1, figures.GetProperty("total").GetProperty("calls").GetInt64());
        }

        folder.Delete(recursive: true);
    }

    [BrowserFact]
    public async Task Chat_works_in_a_browser_beside_its_dashboard()
    {
        await using var app = new App("Development");
        app.UseKestrel(0);
        app.StartServer();
        var address = app.ClientOptions.BaseAddress.ToString().TrimEnd('/');
        await using var context = await chromium.Browser.NewContextAsync(new BrowserNewContextOptions { Locale = "en-US" });
        var page = await context.NewPageAsync();
        var wrongs = new List<string>();
        page.Console += (_, message) => wrongs.AddRange(message.Type is "error" or "warning" ? [message.Text] : []);
        page.PageError += (_, error) => wrongs.Add(error);

        await page.GotoAsync(address + "/");
        await Assertions.Expect(page.Locator("#traffic")).ToBeVisibleAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "How do I activate my card?" }).ClickAsync();
        await Assertions.Expect(page.Locator(".answer p")).ToContainTextAsync("contactless works after that", new() { Timeout = 20_000 });
        await Assertions.Expect(page.Locator(".answer small")).ToContainTextAsync("cost $0.000");
        await page.FillAsync("#question", "And when does it arrive? <b>Bold?</b>");
        await page.Keyboard.PressAsync("Enter");
        await Assertions.Expect(page.Locator(".answer small").Nth(1)).ToContainTextAsync("cost", new() { Timeout = 20_000 });
        Assert.Equal("And when does it arrive? <b>Bold?</b>", await page.InnerTextAsync(".question >> nth=1"));
        await page.ClickAsync("#traffic");
        await Assertions.Expect(page.Locator("#traffic")).ToHaveTextAsync("Stop traffic");
        if (Environment.GetEnvironmentVariable("DASHBOARD_SCREENSHOTS") is { Length: > 0 } folder)
        {
            await page.ScreenshotAsync(new PageScreenshotOptions { Path = Path.Combine(folder, "chat.png") });
        }

        await page.GotoAsync(address + "/costs/?range=1h");
        await Assertions.Expect(page.Locator("#tiles .tile-value").Nth(3)).ToBeVisibleAsync();
        await page.EvaluateAsync(
            "() => fetch('../api/demo', { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: '{\"isOn\":false}' })"
        );
        Assert.Empty(wrongs);
    }

    private static async Task SignInAsync(HttpClient client, string person)
    {
        using var response = await client.PostAsJsonAsync("api/session", new { name = person });
        response.EnsureSuccessStatusCode();
    }

    private static async Task<List<JsonElement>> AskAsync(HttpClient client, string path, string question)
    {
        using var response = await client.PostAsJsonAsync(path, new { messages = new[] { new { text = question, isAnswer = false } } });
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        var lines = (await response.Content.ReadAsStringAsync()).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        return [.. lines.Select(line => JsonDocument.Parse(line).RootElement)];
    }

    private static string Text(List<JsonElement> pieces) => string.Concat(pieces.Select(piece => piece.GetProperty("text").GetString()));

    private sealed class App(string environment, params (string Name, string Value)[] settings) : WebApplicationFactory<Program>
    {
        protected override void ConfigureWebHost(IWebHostBuilder builder)
        {
            builder.UseEnvironment(environment);
            foreach (var (name, value) in settings)
            {
                builder.UseSetting(name, value);
            }
        }
    }
}
