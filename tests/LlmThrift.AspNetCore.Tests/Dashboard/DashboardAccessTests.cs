using System.Net;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Builder;
using Xunit;

namespace LlmThrift.AspNetCore.Tests.Dashboard;

public sealed class DashboardAccessTests
{
    public static TheoryData<string> Paths() =>
        [
            "/costs",
            "/costs/",
            "/costs/assets/dashboard.js",
            "/costs/api/figures",
            "/costs/api/events",
            "/costs/calls.csv",
            "/costs/calls.json",
        ];

    [Theory]
    [MemberData(nameof(Paths))]
    public async Task Nobody_looks_without_signing_in(string path)
    {
        await using var app = await DashboardApp.StartAsync();

        using var response = await app.Client().GetAsync(path, HttpCompletionOption.ResponseHeadersRead);

        Assert.Equal(HttpStatusCode.Unauthorized, response.StatusCode);
    }

    [Theory]
    [MemberData(nameof(Paths))]
    public async Task Who_is_signed_in_looks_and_every_answer_is_guarded(string path)
    {
        await using var app = await DashboardApp.StartAsync();

        using var response = await app.Client("bob").GetAsync(path, HttpCompletionOption.ResponseHeadersRead);

        Assert.True(response.StatusCode is HttpStatusCode.OK or HttpStatusCode.RedirectKeepVerb, $"{response.StatusCode}");
        Assert.Equal(
            "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
            Assert.Single(response.Headers.GetValues("Content-Security-Policy"))
        );
        Assert.Equal("nosniff", Assert.Single(response.Headers.GetValues("X-Content-Type-Options")));
        Assert.Equal("no-referrer", Assert.Single(response.Headers.GetValues("Referrer-Policy")));
    }

    [Theory]
    [InlineData("ann", HttpStatusCode.OK)]
    [InlineData("bob", HttpStatusCode.Forbidden)]
    public async Task Policy_of_the_options_decides(string user, HttpStatusCode expected)
    {
        await using var app = await DashboardApp.StartAsync(dashboard: o => o.AuthorizationPolicy = "finance");

        using var response = await app.Client(user).GetAsync("/costs/api/figures");

        Assert.Equal(expected, response.StatusCode);
    }

    [Theory]
    [InlineData("Development", HttpStatusCode.OK)]
    [InlineData("Production", HttpStatusCode.Unauthorized)]
    [InlineData("Staging", HttpStatusCode.Unauthorized)]
    public async Task Open_in_development_is_open_nowhere_else(string environment, HttpStatusCode expected)
    {
        await using var app = await DashboardApp.StartAsync(dashboard: o => o.AllowAnonymousInDevelopment = true, environment: environment);

        using var response = await app.Client().GetAsync("/costs/api/figures");

        Assert.Equal(expected, response.StatusCode);
    }

    [Fact]
    public async Task App_may_open_it_by_convention()
    {
        await using var app = await DashboardApp.StartAsync(isAnonymous: true);

        using var response = await app.Client().GetAsync("/costs/");

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
    }

    [Fact]
    public async Task App_without_authorization_does_not_show_it()
    {
        var builder = WebApplication.CreateBuilder();
        Microsoft.AspNetCore.TestHost.WebHostBuilderExtensions.UseTestServer(builder.WebHost);
        Microsoft.Extensions.DependencyInjection.CostHistoryServiceCollectionExtensions.AddCostHistory(builder.Services);
        await using var app = builder.Build();
        app.MapCostDashboard();
        await app.StartAsync();

        await Assert.ThrowsAsync<InvalidOperationException>(() =>
            Microsoft.AspNetCore.TestHost.HostBuilderTestServerExtensions.GetTestClient(app).GetAsync("/costs/")
        );
    }

    [Fact]
    public void App_without_a_store_is_told_what_to_do()
    {
        var app = WebApplication.CreateBuilder().Build();

        var exception = Assert.Throws<InvalidOperationException>(() => app.MapCostDashboard());

        Assert.Contains("AddCostHistory", exception.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/costs", "costs/")]
    [InlineData("/costs?range=7d&tenant=a%26b", "costs/?range=7d&tenant=a%26b")]
    public async Task Address_without_a_slash_leads_to_the_page(string path, string location)
    {
        await using var app = await DashboardApp.StartAsync();

        using var response = await app.Client("ann").GetAsync(path);

        Assert.Equal(HttpStatusCode.RedirectKeepVerb, response.StatusCode);
        Assert.Equal(location, response.Headers.Location?.OriginalString);
    }

    [Fact]
    public async Task Asset_that_the_browser_has_is_not_sent_again()
    {
        await using var app = await DashboardApp.StartAsync();
        var client = app.Client("ann");
        using var first = await client.GetAsync("/costs/assets/dashboard.css");
        var again = new HttpRequestMessage(HttpMethod.Get, "/costs/assets/dashboard.css");
        again.Headers.IfNoneMatch.Add(first.Headers.ETag!);

        using var second = await client.SendAsync(again);

        Assert.Equal("text/css", first.Content.Headers.ContentType?.MediaType);
        Assert.Equal(
            "private, no-cache",
            first.Headers.CacheControl?.ToString().Replace("no-cache, private", "private, no-cache", StringComparison.Ordinal)
        );
        Assert.Equal(HttpStatusCode.NotModified, second.StatusCode);
        Assert.Empty(await second.Content.ReadAsByteArrayAsync());
    }

    [Theory]
    [InlineData("nothing.js")]
    [InlineData("..%2f..%2fappsettings.json")]
    [InlineData("INDEX.html")]
    public async Task Asset_that_does_not_exist_is_not_found(string name)
    {
        await using var app = await DashboardApp.StartAsync();

        using var response = await app.Client("ann").GetAsync($"/costs/assets/{name}");

        Assert.Equal(HttpStatusCode.NotFound, response.StatusCode);
    }

    [Fact]
    public async Task Page_runs_nothing_of_its_own_and_loads_nothing_from_elsewhere()
    {
        await using var app = await DashboardApp.StartAsync();
        var client = app.Client("ann");
        var html = await client.GetStringAsync("/costs/");

        Assert.DoesNotContain("<style", html, StringComparison.Ordinal);
        Assert.Empty(Regex.Matches(html, """<script(?![^>]*\ssrc=)""", RegexOptions.None, TimeSpan.FromSeconds(1)));
        Assert.Empty(Regex.Matches(html, """\s(?:style|on\w+)=""", RegexOptions.None, TimeSpan.FromSeconds(1)));
        Assert.DoesNotContain("//", html, StringComparison.Ordinal);
        foreach (Match asset in Regex.Matches(html, """assets/[\w.]+""", RegexOptions.None, TimeSpan.FromSeconds(1)))
        {
            Assert.Equal(HttpStatusCode.OK, (await client.GetAsync($"/costs/{asset.Value}")).StatusCode);
        }
    }

    [Theory]
    [InlineData("dashboard.js")]
    [InlineData("chart.js")]
    [InlineData("dom.js")]
    [InlineData("format.js")]
    [InlineData("stages.js")]
    [InlineData("updates.js")]
    [InlineData("view.js")]
    public async Task Scripts_make_no_markup_from_text(string name)
    {
        await using var app = await DashboardApp.StartAsync();

        using var response = await app.Client("ann").GetAsync($"/costs/assets/{name}");
        var script = await response.Content.ReadAsStringAsync();

        Assert.Equal("text/javascript", response.Content.Headers.ContentType?.MediaType);
        Assert.Empty(
            Regex.Matches(
                script,
                """innerHTML|outerHTML|insertAdjacentHTML|document\.write|DOMParser|\beval\b|new Function|setAttribute\("style""",
                RegexOptions.None,
                TimeSpan.FromSeconds(1)
            )
        );
        Assert.DoesNotContain("https://", script, StringComparison.Ordinal);
    }
}
